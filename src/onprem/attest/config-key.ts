// Attest: the key that signs the config manifest. RT-13 names it by a variable of its own: who approves configuration need not be who releases.
import { createPublicKey } from "node:crypto";
import { signBlob } from "../signing/sign";
import type { Signer } from "../signing/signer";
import { signerOf } from "../signing/signer-of";
import { verifyBlob } from "../signing/verify";

/** Variable that names the key of the config manifest, as `--key` names the bundle's: `awskms:///…` in production. */
const CONFIG_KEY = "CONFIG_MANIFEST_SIGNATURE";

/** A signed config manifest. */
export interface SignedConfigManifest {
  /** Sigstore bundle with a messageSignature. */
  signature: string;
  /** Public key of who signed it, in PEM, if that is not the bundle's key. */
  publicKeyPem?: string;
}

/**
 * Signs the config manifest by the key that `CONFIG_MANIFEST_SIGNATURE` names; where it names none, by the bundle's.
 * @param manifest text of config-manifest.yaml
 * @param bundleSigner who signs the bundle
 * @throws Failure if the variable names a key that cannot be used
 */
export async function signConfigManifest(manifest: string, bundleSigner: Signer): Promise<SignedConfigManifest> {
  const named = process.env[CONFIG_KEY];
  const signer = named ? await signerOf(named) : bundleSigner;
  const bytes = Buffer.from(manifest);
  const signature = await signBlob(signer, bytes);
  verifyBlob(signer.publicKeyPem, bytes, signature);
  const same = createPublicKey(signer.publicKeyPem).equals(createPublicKey(bundleSigner.publicKeyPem));
  return { signature, ...(!same && { publicKeyPem: signer.publicKeyPem }) };
}
