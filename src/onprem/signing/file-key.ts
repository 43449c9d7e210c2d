// Signing: a private key in a file: PKCS#8 in PEM, plain or encrypted, or cosign's own format. The passphrase comes from the environment (RT-9).
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { p256 } from "@noble/curves/nist";
import { Failure } from "../../../toolchain/failure";
import { decryptCosignKey, isCosignKey } from "./cosign-key";
import { publicKeyOf } from "./public-key";
import type { Signer } from "./signer";

/** Variable with the passphrase of an encrypted key. */
export const PASSPHRASE = "PALISADE_KEY_PASSPHRASE";

/** Bytes; a key file has some hundred. */
const LIMIT = 64 * 1024;

/**
 * Reads a private key; P-256 only.
 * @param path of the key file
 * @throws Failure if the file is not such a key, or the passphrase is missing or wrong
 */
export async function fileSigner(path: string): Promise<Signer> {
  const pem = await readKeyFile(path);
  const passphrase = process.env[PASSPHRASE];
  const encrypted = isCosignKey(pem) || pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  if (encrypted && passphrase === undefined)
    throw new Failure(
      `${path} is encrypted, and ${PASSPHRASE} is not set`,
      `Type it without it being shown or kept: \`read -rs ${PASSPHRASE} && export ${PASSPHRASE}\``,
    );
  let key: KeyObject;
  try {
    key = isCosignKey(pem)
      ? createPrivateKey({ key: await decryptCosignKey(pem, passphrase ?? ""), format: "der", type: "pkcs8" })
      : createPrivateKey({ key: pem, passphrase });
  } catch {
    // The library's own words could hold what it read.
    throw new Failure(
      encrypted
        ? `${path} does not open with the passphrase in ${PASSPHRASE}`
        : `${path} is not a private key in PEM (PKCS#8)`,
      "Make one: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -out vendor.key`, or `cosign generate-key-pair`",
    );
  }
  return keySigner(key);
}

/**
 * Signs with a key in memory, with the numbers RFC 6979 derives from key and bytes: OpenSSL draws them at random, and a bundle
 * has to come out the same twice.
 */
export function keySigner(key: KeyObject): Signer {
  const { hint, pem } = publicKeyOf(createPublicKey(key));
  const { d } = key.export({ format: "jwk" });
  if (!d) throw new Error("a private key on P-256 has no scalar");
  const scalar = Buffer.from(d, "base64url");
  return {
    keyHint: hint,
    publicKeyPem: pem,
    deterministic: true,
    signDigest: async digest => Buffer.from(p256.sign(digest, scalar).toDERRawBytes()),
  };
}

async function readKeyFile(path: string): Promise<string> {
  const next = `Look at the file: \`ls -l ${path}\``;
  try {
    const { size } = await stat(path);
    if (size > LIMIT) throw new Failure(`${path} has ${size} bytes; a private key has less than ${LIMIT}`, next);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`The private key cannot be read: ${error instanceof Error ? error.message : path}`, next);
  }
}
