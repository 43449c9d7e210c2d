// Signing: finds the signer that `--key` names (RT-9, RT-13).
import { fileSigner } from "./file-key";
import { kmsSigner } from "./kms-key";
import type { Signer } from "./signer";

/**
 * @param reference path of a private key file (PEM PKCS#8, or cosign's format), or `awskms:///KEY` as cosign names a key in AWS KMS
 * @throws Failure if there is no such key, or it cannot sign
 */
export function signerOf(reference: string): Promise<Signer> {
  return reference.startsWith("awskms:") ? kmsSigner(reference) : fileSigner(reference);
}
