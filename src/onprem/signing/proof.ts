// Signing: whether a signature is a key's over a digest. OpenSSL, as Node has it, would want the bytes themselves (RT-9).
import { createPublicKey } from "node:crypto";
import { p256 } from "@noble/curves/nist";

/**
 * @param publicKeyPem of the key, on P-256
 * @param digest SHA-256 of what was signed
 * @param signature ECDSA, in DER
 */
export function isSignature(publicKeyPem: string, digest: Uint8Array, signature: Uint8Array): boolean {
  const { x = "", y = "" } = createPublicKey(publicKeyPem).export({ format: "jwk" });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  try {
    // A KMS signs with either of the two numbers that fit.
    return p256.verify(signature, digest, point, { format: "der", lowS: false });
  } catch {
    return false;
  }
}
