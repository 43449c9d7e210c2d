// Signing: the encrypted key file of `cosign generate-key-pair`: a PEM block around JSON, scrypt and NaCl's secretbox (RT-9).
import { scrypt } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa";
import { z } from "zod";

const block =
  /^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----$/;

const contents = z.object({
  kdf: z.object({
    name: z.literal("scrypt"),
    // Ceilings: a file must not choose how much memory and time its reader spends. cosign writes 65,536, 8 and 1.
    params: z.object({
      N: z
        .int()
        .min(2)
        .max(2 ** 20),
      r: z.int().min(1).max(16),
      p: z.int().min(1).max(4),
    }),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal("nacl/secretbox"), nonce: z.base64() }),
  ciphertext: z.base64(),
});

export function isCosignKey(pem: string): boolean {
  return block.test(pem.trim());
}

/**
 * Opens the key file.
 * @returns the private key, PKCS#8 in DER
 * @throws Error if the file is malformed or the passphrase wrong
 */
export async function decryptCosignKey(pem: string, passphrase: string): Promise<Buffer> {
  const text = Buffer.from(block.exec(pem.trim())?.[1] ?? "", "base64").toString("utf8");
  const { kdf, cipher, ciphertext } = contents.parse(JSON.parse(text));
  const { N, r, p } = kdf.params;
  const secret = await derive(passphrase, Buffer.from(kdf.salt, "base64"), { N, r, p, maxmem: 256 * N * r });
  const box = xsalsa20poly1305(secret, Buffer.from(cipher.nonce, "base64"));
  return Buffer.from(box.decrypt(Buffer.from(ciphertext, "base64")));
}

function derive(
  passphrase: string,
  salt: Buffer,
  options: { N: number; r: number; p: number; maxmem: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase, salt, 32, options, (error, key) => (error ? reject(error) : resolve(key))),
  );
}
