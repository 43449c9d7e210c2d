// Signing: who signs. A key in a file or in AWS KMS, behind one interface (RT-9, RT-13).

/** A private key that can be used, but not read. */
export interface Signer {
  /** SHA-256 of the public key in DER, in base64: how a signature names its key. */
  readonly keyHint: string;
  /** SubjectPublicKeyInfo, in PEM. */
  readonly publicKeyPem: string;
  /**
   * Whether the same bytes get the same signature each time, as RFC 6979 has it. A KMS draws a new number for each, so two
   * makings of one bundle differ in their signatures then.
   */
  readonly deterministic: boolean;
  /**
   * Signs by digest, so that what is signed may be of any size: ECDSA on P-256, in DER.
   * @param digest SHA-256 of what is signed, 32 bytes
   * @throws Failure if the key cannot be used
   */
  signDigest(digest: Uint8Array): Promise<Buffer>;
}
