// Signing: makes sigstore bundles v0.3 with a key: of bytes, or of an in-toto statement in a DSSE envelope (RT-9, RT-13).
import { createHash } from "node:crypto";
import { bundleToJSON, toDSSEBundle, toMessageSignatureBundle } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
import { Failure } from "../../../toolchain/failure";
import { IN_TOTO } from "./envelope";
import { isSignature } from "./proof";
import type { Signer } from "./signer";
import type { Statement } from "./statement";

/** Signs bytes; gives the text of a sigstore bundle that `cosign verify-blob --key` accepts. */
export function signBlob(signer: Signer, bytes: Uint8Array): Promise<string> {
  return signHashed(signer, sha256(bytes));
}

/**
 * Signs what was hashed before, such as a file that is too large for memory; the text is the same as `signBlob` of its bytes.
 * @param digest SHA-256 of the bytes, 32 bytes
 */
export async function signHashed(signer: Signer, digest: Buffer): Promise<string> {
  const signature = await proven(signer, digest);
  const options = { digest, signature, keyHint: signer.keyHint, certificateChain: false };
  return JSON.stringify(bundleToJSON(toMessageSignatureBundle(options)));
}

/** Signs a statement; gives the text of a sigstore bundle that `cosign verify --key` accepts as referrer of an image. */
export async function signStatement(signer: Signer, statement: Statement): Promise<string> {
  const artifact = Buffer.from(JSON.stringify(statement));
  const signature = await proven(signer, sha256(dsse.preAuthEncoding(IN_TOTO, artifact)));
  const options = { artifact, artifactType: IN_TOTO, signature, keyHint: signer.keyHint, certificateChain: false };
  const bundle = toDSSEBundle(options);
  // cosign leaves the key's name out of the envelope, and so do we: it is in the verification material, once.
  for (const each of bundle.content.dsseEnvelope.signatures) each.keyid = "";
  return JSON.stringify(bundleToJSON(bundle));
}

/** A signature that was checked at once: a fault in the making of a deterministic one could give the key away. */
async function proven(signer: Signer, digest: Buffer): Promise<Buffer> {
  const signature = await signer.signDigest(digest);
  if (isSignature(signer.publicKeyPem, digest, signature)) return signature;
  throw new Failure(
    "The key made a signature that its own public key does not accept; nothing was signed",
    "Run the same command again. If it happens again, the key's service or this machine's memory is at fault.",
  );
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
