// A key in AWS KMS signs, by the local AWS; stock tools' way to name it, and what is refused (RT-9, RT-13).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { imageSignature } from "../../src/onprem/attest/statements";
import { kmsReference } from "../../src/onprem/signing/kms-key";
import { signBlob, signStatement } from "../../src/onprem/signing/sign";
import { signerOf } from "../../src/onprem/signing/signer-of";
import { predicateTypes } from "../../src/onprem/signing/statement";
import { verifyBlob, verifyStatement } from "../../src/onprem/signing/verify";
import { freePort, sandboxDown, sandboxUp } from "../../toolchain/sandbox";
import { ensureToolchain } from "../../toolchain/toolchain";

let directory: string;
let keyId: string;
let arn: string;
let encryptionKey: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-kms-"));
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", endpoint);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  await sandboxUp((await ensureToolchain()).localAws, directory, endpoint);
  const client = new KMSClient({});
  const made = await client.send(new CreateKeyCommand({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" }));
  keyId = made.KeyMetadata?.KeyId ?? "";
  arn = made.KeyMetadata?.Arn ?? "";
  await client.send(new CreateAliasCommand({ AliasName: "alias/release", TargetKeyId: keyId }));
  const other = await client.send(new CreateKeyCommand({ KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" }));
  encryptionKey = other.KeyMetadata?.KeyId ?? "";
  client.destroy();
}, 600_000);
afterAll(async () => {
  await sandboxDown(directory);
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
});

test("signs files and statements, by id, alias and ARN", async () => {
  const digest = `sha256:${"ab".repeat(32)}`;
  for (const reference of [`awskms:///${keyId}`, "awskms:///alias/release", `awskms:///${arn}`]) {
    const signer = await signerOf(reference);
    expect(signer.deterministic).toBe(false);
    // More than KMS takes as a message: only its digest is sent.
    const bytes = Buffer.alloc(100_000, 7);
    verifyBlob(signer.publicKeyPem, bytes, await signBlob(signer, bytes));
    const text = await signStatement(signer, imageSignature(digest));
    verifyStatement(signer.publicKeyPem, text, { predicateType: predicateTypes.signature, subject: digest });
  }
});

test("a key of another kind, or none, is refused by name", async () => {
  await expect(signerOf(`awskms:///${encryptionKey}`)).rejects.toThrow(/The key is rsa/);
  const none = "awskms:///00000000-0000-0000-0000-000000000000";
  await expect(signerOf(none)).rejects.toThrow(/AWS KMS refused kms:GetPublicKey on awskms:\/\/\/0000/);
});

test.each([
  "awskms:",
  "awskms://",
  "awskms:///",
  "awskms:///a b",
  "awskms:///../x",
  "awskms://host:1/",
  "awskms:///alias/",
])("%j names no key", async reference => {
  expect(() => kmsReference(reference)).toThrow(/names no key in AWS KMS/);
});

test("a host in the reference is where the key is, over TLS", () => {
  expect(kmsReference("awskms://kms.example.com:8443/alias/a/b")).toEqual({
    endpoint: "https://kms.example.com:8443",
    keyId: "alias/a/b",
  });
  expect(kmsReference(`awskms:///${arn}`)).toEqual({ keyId: arn });
});
