// Signing: the vendor's public key, which the operator got out of band (RT-9). Only ECDSA on P-256: what cosign makes, and AWS KMS signs with.
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { Failure } from "../../../toolchain/failure";

/** A key that signatures are checked with. */
export interface PublicKey {
  key: KeyObject;
  /** SHA-256 of the key in DER, in base64: how a signature names its key, as cosign writes it. */
  hint: string;
  /** SubjectPublicKeyInfo, in PEM. */
  pem: string;
}

const next =
  "Give the vendor's public key: a PEM file that begins with `-----BEGIN PUBLIC KEY-----`, as `cosign public-key --key KEY` or `openssl pkey -in KEY -pubout` writes it.";
const block = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----$/;

/**
 * Reads a public key.
 * @param pem SubjectPublicKeyInfo in PEM, nothing else beside it
 * @param what how a failure calls it
 * @throws Failure if it is anything else: a private key above all, from which Node would take the public half in silence
 */
export function readPublicKey(pem: string, what = "The public key"): PublicKey {
  const text = pem.trim();
  if (text.includes("PRIVATE KEY")) throw new Failure(`${what} is a private key; it belongs on no other machine`, next);
  if (!block.test(text)) throw new Failure(`${what} is not one block of PEM`, next);
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new Failure(`${what} cannot be read`, next);
  }
  return publicKeyOf(key);
}

/** @throws Failure if it is of another kind than ECDSA on P-256 */
export function publicKeyOf(key: KeyObject): PublicKey {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType !== "ec" || curve !== "prime256v1")
    throw new Failure(
      `The key is ${[key.asymmetricKeyType, curve].filter(Boolean).join(" ")}; only EC on P-256 (prime256v1) signs a bundle`,
      "Make such a key: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out vendor.key`",
    );
  const der = key.export({ type: "spki", format: "der" });
  const hint = createHash("sha256").update(der).digest("base64");
  return { key, hint, pem: key.export({ type: "spki", format: "pem" }).toString() };
}
