// Tests: signing and verifying with a key; whatever is altered is refused (RT-9).
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { fileSigner, keySigner } from "../../../src/onprem/signing/file-key";
import { isSignature } from "../../../src/onprem/signing/proof";
import { readPublicKey } from "../../../src/onprem/signing/public-key";
import { signBlob, signHashed, signStatement } from "../../../src/onprem/signing/sign";
import { predicateTypes, type Statement } from "../../../src/onprem/signing/statement";
import { verifyBlob, verifyStatement } from "../../../src/onprem/signing/verify";
import { Failure } from "../../../toolchain/failure";

const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const vendor = pair();
const signer = keySigner(vendor.privateKey);
const key = signer.publicKeyPem;
const stranger = keySigner(pair().privateKey);
const digest = "ab".repeat(32);
const statement: Statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "sanctum/backend", digest: { sha256: digest } }],
  predicateType: predicateTypes.signature,
  predicate: {},
};
const expected = { predicateType: predicateTypes.signature, subject: `sha256:${digest}` };
const bytes = Buffer.from('{"schemaVersion":2}');

/** Text with one bit of one byte turned over. */
const flipped = (text: string, at: number, bit: number) => {
  const copy = Buffer.from(text);
  const place = at % copy.length;
  copy[place] = (copy[place] ?? 0) ^ (1 << bit);
  return copy;
};
const anywhere = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 }));

describe("a signed file", () => {
  test("is accepted, and comes out the same each time", async () => {
    const text = await signBlob(signer, bytes);
    expect(() => verifyBlob(key, bytes, text)).not.toThrow();
    expect(await signBlob(signer, bytes)).toBe(text);
  });

  test("of any bytes is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async any =>
        verifyBlob(key, any, await signBlob(signer, any)),
      ),
      { numRuns: 50 },
    );
  });

  test("is refused if any bit of it is turned over", async () => {
    const text = await signBlob(signer, bytes);
    void fc.assert(
      fc.property(anywhere, ([at, bit]) => {
        const altered = flipped(bytes.toString(), at, bit);
        expect(() => verifyBlob(key, altered, text)).toThrow(/it is of other bytes/);
      }),
    );
  });

  test("is refused if any bit of its signature's file is turned over", async () => {
    const text = await signBlob(signer, bytes);
    void fc.assert(
      fc.property(anywhere, ([at, bit]) => {
        expect(() => verifyBlob(key, bytes, flipped(text, at, bit).toString("utf8"))).toThrow(Failure);
      }),
      { numRuns: 500 },
    );
  });

  test("is refused if the signature is cut anywhere", async () => {
    const text = await signBlob(signer, bytes);
    for (let end = 0; end < text.length; end++)
      expect(() => verifyBlob(key, bytes, text.slice(0, end))).toThrow(Failure);
  });

  test("is refused if another signed it, by name of the key", async () => {
    const text = await signBlob(stranger, bytes);
    expect(() => verifyBlob(key, bytes, text)).toThrow(/by another key/);
  });

  test("is refused if another signed it under the vendor's name", async () => {
    const text = (await signBlob(stranger, bytes)).replace(stranger.keyHint, signer.keyHint);
    expect(() => verifyBlob(key, bytes, text)).toThrow(/does not match/);
  });
});

describe("a signature by digest", () => {
  const sum = (any: Uint8Array) => createHash("sha256").update(any).digest();

  test("of a file that was hashed on its way is that of its bytes", async () => {
    const large = Buffer.alloc(3_000_000, "some");
    expect(await signHashed(signer, sum(large))).toBe(await signBlob(signer, large));
  });

  test("is held good or bad as OpenSSL holds it, whichever of the two numbers that fit it has", async () => {
    await fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), anywhere, (any, [at, bit]) => {
        const signature = sign("sha256", any, vendor.privateKey);
        expect(isSignature(key, sum(any), signature)).toBe(true);
        expect(isSignature(stranger.publicKeyPem, sum(any), signature)).toBe(false);
        const altered = Buffer.from(signature);
        const place = at % altered.length;
        altered[place] = (altered[place] ?? 0) ^ (1 << bit);
        expect(isSignature(key, sum(any), altered)).toBe(verify("sha256", any, vendor.publicKey, altered));
      }),
    );
  });

  test.each([
    ["another key's", stranger.signDigest],
    ["none", async () => Buffer.from("no signature")],
    ["empty", async () => Buffer.alloc(0)],
  ])("is not handed out if it is %s", async (_, signDigest) => {
    await expect(signBlob({ ...signer, signDigest }, bytes)).rejects.toThrow(/its own public key does not accept/);
  });
});

/** The parts of a signature's file, to be changed. */
type Parts = Record<string, never> & {
  mediaType: unknown;
  verificationMaterial: Record<string, unknown>;
  messageSignature: Record<string, unknown>;
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
};

describe("a signature's file that is more, less or other than expected is refused", () => {
  const blob: [string, (parts: Parts) => void][] = [
    ["an older version", parts => (parts.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2")],
    ["no version", parts => delete parts.mediaType],
    ["an unknown part", parts => Object.assign(parts, { note: "harmless" })],
    ["a certificate", parts => (parts.verificationMaterial = { certificate: { rawBytes: "AAAA" } })],
    ["a log entry", parts => (parts.verificationMaterial.tlogEntries = [{ logIndex: "1" }])],
    [
      "a timestamp",
      parts =>
        (parts.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp: "AA==" }] }),
    ],
    ["another hash", parts => (parts.messageSignature.messageDigest = { algorithm: "SHA2_512", digest: "AA==" })],
    ["no digest", parts => delete parts.messageSignature.messageDigest],
    ["no signature", parts => (parts.messageSignature.signature = "")],
    ["a signature with blanks", parts => (parts.messageSignature.signature = ` ${parts.messageSignature.signature}`)],
    [
      "a statement beside it",
      parts => Object.assign(parts, { dsseEnvelope: { payload: "", payloadType: "", signatures: [] } }),
    ],
  ];
  test.each(blob)("of a file: %s", async (_, change) => {
    const parts: Parts = JSON.parse(await signBlob(signer, bytes));
    change(parts);
    expect(() => verifyBlob(key, bytes, JSON.stringify(parts))).toThrow(/^The signature is refused/);
  });

  const envelope: [string, (parts: Parts) => void][] = [
    ["two signatures", ({ dsseEnvelope: { signatures } }) => signatures.push(...signatures)],
    ["no signature", ({ dsseEnvelope }) => (dsseEnvelope.signatures = [])],
    ["another payload type", ({ dsseEnvelope }) => (dsseEnvelope.payloadType = "application/json")],
    ["another payload", ({ dsseEnvelope }) => (dsseEnvelope.payload = Buffer.from("{}").toString("base64"))],
  ];
  test.each(envelope)("of a statement: %s", async (_, change) => {
    const parts: Parts = JSON.parse(await signStatement(signer, statement));
    change(parts);
    expect(() => verifyStatement(key, JSON.stringify(parts), expected)).toThrow(/^The signature is refused/);
  });

  test("one of a file as one of a statement, and the other way round", async () => {
    const [file, said] = [await signBlob(signer, bytes), await signStatement(signer, statement)];
    expect(() => verifyStatement(key, file, expected)).toThrow(/refused/);
    expect(() => verifyBlob(key, bytes, said)).toThrow(/refused/);
  });

  test.each(["", "null", "[]", "7", "{", '"x"'])("%j", text => {
    expect(() => verifyBlob(key, bytes, text)).toThrow(/refused/);
    expect(() => verifyStatement(key, text, expected)).toThrow(/refused/);
  });
});

describe("a signed statement", () => {
  test("comes back as it was signed", async () => {
    expect(verifyStatement(key, await signStatement(signer, statement), expected)).toEqual(statement);
  });

  test("is refused if any bit of its file is turned over", async () => {
    const text = await signStatement(signer, statement);
    void fc.assert(
      fc.property(anywhere, ([at, bit]) => {
        const altered = flipped(text, at, bit).toString("utf8");
        expect(() => verifyStatement(key, altered, expected)).toThrow(Failure);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [
      "of another kind",
      { predicateType: predicateTypes.provenance, subject: expected.subject },
      /expected is https:\/\/slsa/,
    ],
    ["about something else", { ...expected, subject: `sha256:${"cd".repeat(32)}` }, /it is about sha256:abab/],
  ])("is refused if it is %s", async (_, other, message) => {
    const text = await signStatement(signer, statement);
    expect(() => verifyStatement(key, text, other)).toThrow(message);
  });

  test("is refused if it is about more than what was asked", async () => {
    const more = { ...statement, subject: [...statement.subject, { digest: { sha256: "cd".repeat(32) } }] };
    expect(() => verifyStatement(key, "", expected)).toThrow(/refused/);
    const text = await signStatement(signer, more);
    expect(() => verifyStatement(key, text, expected)).toThrow(/alone/);
  });

  test("is refused if what is signed is no statement", async () => {
    const odd = { ...statement, _type: "https://in-toto.io/Statement/v0.1" } as unknown as Statement;
    const text = await signStatement(signer, odd);
    expect(() => verifyStatement(key, text, expected)).toThrow(/not an in-toto statement v1/);
  });
});

describe("the public key", () => {
  test.each([
    ["a private key", vendor.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /is a private key/],
    ["text", "hello", /not one block of PEM/],
    ["two keys", `${key}${stranger.publicKeyPem}`, /not one block/],
    ["nonsense in PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", /cannot be read/],
    [
      "RSA",
      generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }).toString(),
      /is rsa/,
    ],
    [
      "another curve",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ type: "spki", format: "pem" }).toString(),
      /is ec secp384r1/,
    ],
  ])("is refused if it is %s", (_, pem, message) => {
    expect(() => readPublicKey(pem)).toThrow(message);
  });
});

describe("a private key in a file", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "palisade-keys-"));
  });
  afterAll(() => rm(directory, { recursive: true }));
  afterEach(() => vi.unstubAllEnvs());
  const written = async (contents: string) => {
    const path = join(directory, "vendor.key");
    await writeFile(path, contents);
    return path;
  };
  const encrypted = vendor.privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "correct horse" })
    .toString();

  test("signs, plain", async () => {
    const found = await fileSigner(
      await written(vendor.privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    );
    expect(found.keyHint).toBe(signer.keyHint);
    verifyBlob(key, bytes, await signBlob(found, bytes));
  });

  test("signs, encrypted", async () => {
    vi.stubEnv("PALISADE_KEY_PASSPHRASE", "correct horse");
    const found = await fileSigner(await written(encrypted));
    verifyBlob(key, bytes, await signBlob(found, bytes));
  });

  test("asks for its passphrase", async () => {
    vi.stubEnv("PALISADE_KEY_PASSPHRASE", undefined);
    await expect(fileSigner(await written(encrypted))).rejects.toThrow(/PALISADE_KEY_PASSPHRASE is not set/);
  });

  test("does not open with a wrong passphrase, and does not show it", async () => {
    vi.stubEnv("PALISADE_KEY_PASSPHRASE", "hunter2");
    const found = await fileSigner(await written(encrypted)).catch((error: Error) => error);
    expect(found).toBeInstanceOf(Failure);
    expect(String(found)).toMatch(/does not open/);
    expect(String(found)).not.toContain("hunter2");
  });

  test.each([
    ["a public key", key, /not a private key/],
    ["nothing", "", /not a private key/],
    [
      "an RSA key",
      generateKeyPairSync("rsa", { modulusLength: 2048 })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString(),
      /The key is rsa/,
    ],
    ["far too long", "x".repeat(70_000), /has 70000 bytes/],
  ])("is refused if it is %s", async (_, contents, message) => {
    await expect(fileSigner(await written(contents))).rejects.toThrow(message);
  });

  test("is refused if it is not there", async () => {
    await expect(fileSigner(join(directory, "none"))).rejects.toThrow(/cannot be read/);
  });
});

// The example of RFC 6979, A.2.5: P-256, SHA-256.
describe("the numbers of a signature are those of RFC 6979", () => {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: Buffer.from("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "hex").toString("base64url"),
    x: Buffer.from("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6", "hex").toString("base64url"),
    y: Buffer.from("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299", "hex").toString("base64url"),
  };
  test.each([
    [
      "sample",
      "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
      "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    ],
    [
      "test",
      "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
      "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
    ],
  ])("of %j", async (text, r, s) => {
    const known = keySigner(createPrivateKey({ key: jwk, format: "jwk" }));
    expect(createPublicKey(known.publicKeyPem).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    const der = (await known.signDigest(createHash("sha256").update(text).digest())).toString("hex");
    const integer = (hex: string) => {
      const minimal = hex.replace(/^(00)+/, "");
      const padded = Number.parseInt(minimal.slice(0, 2), 16) > 127 ? `00${minimal}` : minimal;
      return `02${(padded.length / 2).toString(16).padStart(2, "0")}${padded}`;
    };
    const body = integer(r.toLowerCase()) + integer(s.toLowerCase());
    expect(der).toBe(`30${(body.length / 2).toString(16)}${body}`);
  });

  test("and the file that holds them is, byte for byte, what every bundle so far has", async () => {
    expect(await signBlob(keySigner(createPrivateKey({ key: jwk, format: "jwk" })), Buffer.from("sample"))).toBe(
      JSON.stringify({
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          publicKey: { hint: "Wnp4zKSg9CDZvGK7Zpw8J1njn3I9OuENy+DwgVoH7NQ=" },
          timestampVerificationData: {},
        },
        messageSignature: {
          messageDigest: { algorithm: "SHA2_256", digest: "ryvb4aqbbsHireHWlPQfxxqDHQJo6YkVYhE9imKt0b8=" },
          signature: "MEYCIQDv1IsqrLao/RFA3ZzUXoHWnSyHe1aq+ZHDTQ6oTq83FgIhAPfLHJQtZXxB1DbHobbin2Xz6QDbua/0Bk3Eqy+EOs2o",
        },
      }),
    );
  });
});
