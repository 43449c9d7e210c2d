// SA-6: certificates are what a stock library of TLS accepts, and are made anew before they end.
import { createPrivateKey, X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type KeyPair, makeAuthority, makeLeaf } from "../../../src/components/kubernetes/certificate-maker";
import { isStale } from "../../../src/components/kubernetes/certificate-provider";

const DAY_MS = 86_400_000;
let authority: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  authority = await makeAuthority({ commonName: "palisade sanctum-dev", validityDays: 3650 });
  other = await makeAuthority({ commonName: "palisade sanctum-dev", validityDays: 3650 });
});

const leaf = (changes = {}) =>
  makeLeaf({
    commonName: "backend",
    dnsNames: ["backend", "backend.sanctum-dev.svc"],
    usages: ["server", "client"],
    validityDays: 90,
    authority,
    ...changes,
  });

describe("a leaf", () => {
  test("is signed by its authority, and by no other of the same name", async () => {
    const certificate = new X509Certificate((await leaf()).certificate);
    expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
  });

  test("holds its names, its key and its usages, and signs nothing itself", async () => {
    const pair = await leaf();
    const certificate = new X509Certificate(pair.certificate);
    expect(certificate.subject).toBe("CN=backend");
    expect(certificate.checkHost("backend.sanctum-dev.svc")).toBeDefined();
    expect(certificate.checkHost("ai-core.sanctum-dev.svc")).toBeUndefined();
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(certificate.ca).toBe(false);
    expect(createPrivateKey(pair.key).asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  });

  test("of a client alone is none of a server", async () => {
    expect(new X509Certificate((await leaf({ usages: ["client"] })).certificate).keyUsage).toEqual([
      "1.3.6.1.5.5.7.3.2",
    ]);
  });

  test("does not outlive its authority", async () => {
    const short = await makeAuthority({ commonName: "short", validityDays: 10 });
    expect((await leaf({ authority: short })).notAfter).toBe(
      new Date(new X509Certificate(short.certificate).validTo).toISOString(),
    );
  });
});

test("an authority is one, of one step", () => {
  const certificate = new X509Certificate(authority.certificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const years = (Date.parse(certificate.validTo) - Date.now()) / DAY_MS / 365;
  expect(years).toBeGreaterThan(9.9);
});

test("a name with the signs of a distinguished name stays one name", () => {
  return fc.assert(
    fc.asyncProperty(fc.constantFrom("a,CN=b", "a+b", "a=b", 'a"b', "a\\b", "a;b", "a<b>"), async commonName => {
      const made = await leaf({ commonName });
      expect(new X509Certificate(made.certificate).toLegacyObject().subject).toEqual({ CN: commonName });
    }),
    { numRuns: 7 },
  );
});

describe("a certificate is made anew", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");
  const inputs = { commonName: "backend", dnsNames: ["backend"], renewBeforeDays: 30, __provider: "text" };
  const outputs = (daysLeft: number) => ({
    ...inputs,
    certificate: "c",
    key: "k",
    notAfter: new Date(now + daysLeft * DAY_MS).toISOString(),
  });

  test.each([
    ["not while it has time and nothing changed", 31, inputs, false],
    ["not for another version of the code that makes it", 31, { ...inputs, __provider: "other" }, false],
    ["in its last days", 30, inputs, true],
    ["after its end", -1, inputs, true],
    ["for another name", 31, { ...inputs, commonName: "other" }, true],
    ["for one name more", 31, { ...inputs, dnsNames: ["backend", "other"] }, true],
  ])("%s", (_, daysLeft, after, stale) => {
    expect(isStale(outputs(daysLeft), after, now)).toBe(stale);
  });

  test("for an end that cannot be read", () => {
    expect(isStale({ ...outputs(31), notAfter: "" }, inputs, now)).toBe(true);
  });
});
