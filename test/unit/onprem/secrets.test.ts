// PF-7, SA-6, SA-8: Secrets made on the spot: what is there stays, nothing is shown, and a kill between two of them changes nothing.
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAuthority } from "../../../src/components/kubernetes/certificate-maker";
import type { SecretPlan } from "../../../src/components/kubernetes/secret-plan";
import { objectAt, textAt } from "../../../src/kubernetes/json";
import { advanced, authorityData, readAuthority, stepOf, trustOf } from "../../../src/onprem/secrets/authorities";
import { isGood, newLeaf } from "../../../src/onprem/secrets/leaf";
import { makeSecrets } from "../../../src/onprem/secrets/make-secrets";
import { randomText } from "../../../src/onprem/secrets/random-text";
import { readSecretsFile } from "../../../src/onprem/secrets/secrets-file";
import { type FakeCluster, fakeCluster } from "./fake-cluster";

const day = 86_400_000;
const labels = { "app.kubernetes.io/part-of": "router" };
const namespace = "router-prod";
const certificate = {
  commonName: "poller",
  dnsNames: ["poller", "poller.router-prod.svc"],
  usages: ["server", "client"] as ("server" | "client")[],
};
const plans: SecretPlan[] = [
  {
    ...{ name: "accounts", namespace, labels },
    keys: {
      "users.json": { kind: "composed", text: '{"a":"{one}"}', values: { one: { secret: "generated", key: "value" } } },
    },
  },
  { name: "copied", namespace, labels, keys: { value: { kind: "copy", secret: "generated", key: "value" } } },
  { name: "generated", namespace, labels, keys: { value: { kind: "generated", length: 48 } } },
  {
    name: "supplied",
    namespace,
    labels,
    keys: { value: { kind: "supplied", variable: "A_TOKEN", description: "Token of A." } },
  },
  {
    ...{ name: "tls", namespace, labels, certificate, type: "kubernetes.io/tls" },
    keys: { "tls.crt": { kind: "certificate" }, "tls.key": { kind: "key" }, "ca.crt": { kind: "authority" } },
  },
];
const wanted = { platformNamespace: "palisade-prod", secrets: plans, given: {} };
const said: string[] = [];
const work = {
  progress: (text: string) => said.push(text),
  say: (text: string) => said.push(text),
  cancelled: new AbortController().signal,
};
const from = (value?: string) => ({
  environment: value === undefined ? {} : { PALISADE_SECRET_ROUTER_A_TOKEN: value },
});
const run = (cluster: FakeCluster, value?: string, now?: number) =>
  makeSecrets(cluster, wanted, from(value), work, now);
const read = (cluster: FakeCluster, name: string, key = "value", space = namespace) =>
  Buffer.from(
    textAt(objectAt(cluster.objects.get(`/api/v1/namespaces/${space}/secrets/${name}`), "data"), key),
    "base64",
  ).toString("utf8");

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-secrets-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("making", () => {
  test("gives every key its value, and a second time changes nothing", async () => {
    const cluster = fakeCluster();
    expect(await run(cluster, "the-token")).toBe("5 made, 0 changed, 0 as they were");
    expect(read(cluster, "generated")).toMatch(/^[A-Za-z0-9]{48}$/);
    expect(read(cluster, "copied")).toBe(read(cluster, "generated"));
    expect(JSON.parse(read(cluster, "accounts", "users.json"))).toEqual({ a: read(cluster, "generated") });
    const leaf = new X509Certificate(read(cluster, "tls", "tls.crt"));
    expect(leaf.verify(new X509Certificate(read(cluster, "tls", "ca.crt")).publicKey)).toBe(true);
    expect((Date.parse(leaf.validTo) - Date.now()) / day).toBeCloseTo(397, 0);
    const before = new Map(cluster.objects);
    expect(await run(cluster)).toBe("0 made, 0 changed, 5 as they were");
    expect(cluster.objects).toEqual(before);
  });

  test("writes a supplied value that has changed, and what is made of it, and no other", async () => {
    const cluster = fakeCluster();
    await run(cluster, "the-token");
    const kept = read(cluster, "generated");
    expect(await run(cluster, "the-next-token")).toBe("0 made, 1 changed, 4 as they were");
    expect([read(cluster, "supplied"), read(cluster, "generated")]).toEqual(["the-next-token", kept]);
  });

  test.each(Array.from({ length: 6 }, (_, i) => i))(
    "killed before write %i and begun again, keeps all that was made",
    async kill => {
      const cluster = fakeCluster();
      let writes = 0;
      cluster.beforeWrite = () => {
        if (writes++ === kill) throw new Error("killed");
      };
      await expect(run(cluster, "the-token")).rejects.toThrow("killed");
      const made = new Map([...cluster.objects].map(([path, live]) => [path, JSON.stringify(live.data)]));
      expect(made.size).toBe(kill);
      cluster.beforeWrite = () => undefined;
      await run(cluster, "the-token");
      for (const [path, data] of made) expect(JSON.stringify(cluster.objects.get(path)?.data), path).toBe(data);
      expect(read(cluster, "copied")).toBe(read(cluster, "generated"));
    },
  );

  test("makes nothing while a supplied one is missing, and names the ways to give it", async () => {
    const cluster = fakeCluster();
    const failure = await run(cluster).catch((error: Error) => error.message);
    expect(failure).toMatch(
      /1 secret is missing[\s\S]*router\.A_TOKEN: Token of A\.[\s\S]*--secrets FILE[\s\S]*PALISADE_SECRET_ROUTER_A_TOKEN[\s\S]*--secrets-from/,
    );
    expect(cluster.objects.size).toBe(0);
  });

  test("leaves what somebody else keeps whole, and refuses what somebody else keeps in part", async () => {
    const cluster = fakeCluster();
    const path = `/api/v1/namespaces/${namespace}/secrets/generated`;
    const foreign = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "generated" },
      type: "Opaque",
      data: { value: "dGhlaXJz" },
    };
    cluster.objects.set(path, foreign);
    await run(cluster, "the-token");
    expect(cluster.objects.get(path)).toEqual(foreign);
    expect(read(cluster, "copied")).toBe("theirs");
    cluster.objects.set(path, { ...foreign, data: { other: "eA==" } });
    await expect(run(cluster, "the-token")).rejects.toThrow(
      /did not make it, and it lacks value[\s\S]*kubectl delete secret generated -n router-prod/,
    );
  });

  test("shows no value, whatever it says", async () => {
    const cluster = fakeCluster();
    said.length = 0;
    const line = await run(cluster, "the-token");
    const store = fakeCluster();
    const two = await makeSecrets(
      store,
      wanted,
      { environment: { PALISADE_SECRET_ROUTER_A_TOKEN: "the-token", PALISADE_SECRET_NOBODY: "a-secret" } },
      work,
    ).catch(String);
    const text = [...said, line, two].join("\n");
    expect(text).toContain("PALISADE_SECRET_NOBODY of the environment: nothing asks for it");
    for (const value of ["the-token", "a-secret", read(cluster, "generated")]) expect(text).not.toContain(value);
  });
});

describe("a secrets file", () => {
  const write = (text: string, mode: number) => {
    const path = join(directory, `${Math.random()}.yaml`);
    writeFileSync(path, text, { mode });
    return path;
  };
  test("gives texts as they are written", async () => {
    const path = write('router: { A_TOKEN: "x", B: 0123 }\n', 0o600);
    expect(await readSecretsFile(path)).toEqual(
      new Map([
        ["router.A_TOKEN", "x"],
        ["router.B", "0123"],
      ]),
    );
  });
  test.each([0o604, 0o640, 0o660, 0o644])("of mode %o is refused", async mode => {
    const path = write("router: { A: hunter22 }\n", 0o600);
    await import("node:fs/promises").then(({ chmod }) => chmod(path, mode));
    await expect(readSecretsFile(path)).rejects.toThrow(`chmod 600 ${path}`);
  });
  test.each([
    "router: [hunter22]",
    "hunter22",
    "router: { A: hunter22",
    "a: &x { A: hunter22 }\nb: *x",
    "a: { A: hunter22 }\na: { A: b }",
  ])("that is `%s` is refused without showing what is in it", async text => {
    const failure = await readSecretsFile(write(text, 0o600)).catch((error: Error) => error.message);
    expect(failure).toMatch(/Allowed:/);
    expect(failure).not.toContain("hunter22");
  });
  test("that is a link or a directory is refused", async () => {
    const link = join(directory, "link");
    symlinkSync(write("router: {}\n", 0o600), link);
    await expect(readSecretsFile(link)).rejects.toThrow(/is a link/);
    await expect(readSecretsFile(directory)).rejects.toThrow(/no plain file/);
  });
});

describe("certificates", () => {
  test("are made anew in their last 60 days, with other names, or by another authority", async () => {
    const authority = await advanced(undefined, "a", Date.now());
    const leaf = await newLeaf(certificate, authority);
    const now = Date.now();
    expect(isGood(leaf, certificate, authority, now)).toBe(true);
    expect(isGood(leaf, certificate, authority, now + 336 * day)).toBe(true);
    expect(isGood(leaf, certificate, authority, now + 338 * day)).toBe(false);
    expect(isGood(leaf, { ...certificate, dnsNames: ["poller"] }, authority, now)).toBe(false);
    expect(isGood(leaf, { ...certificate, usages: ["server"] }, authority, now)).toBe(false);
    expect(isGood(leaf, certificate, await advanced(undefined, "a", now), now)).toBe(false);
    expect(isGood({ ...leaf, key: (await newLeaf(certificate, authority)).key }, certificate, authority, now)).toBe(
      false,
    );
    expect(isGood({ certificate: "x", key: "y" }, certificate, authority, now)).toBe(false);
  });

  test("an authority near its end is followed by one that was trusted for a day, and stays trusted until its end", async () => {
    const { certificate: ending, key } = await makeAuthority({ commonName: "old", validityDays: 300 });
    const old = { current: { certificate: ending, key }, previous: [] };
    const now = Date.now();
    expect(stepOf(old, now)).toBe("make successor");
    const announced = await advanced(old, "a", now);
    expect(announced.current).toEqual(old.current);
    expect(trustOf(announced).match(/BEGIN/g)).toHaveLength(2);
    expect(stepOf(announced, now + 3_600_000)).toBe("keep");
    const followed = await advanced(announced, "a", now + 25 * 3_600_000);
    expect(followed.current).toEqual(announced.next);
    expect(followed.previous).toEqual([ending]);
    const after = await advanced(followed, "a", now + 301 * day);
    expect(after.previous).toEqual([]);
    for (const each of [old, announced, followed])
      expect(readAuthority("a", authorityData(new Map([["a", each]])))).toEqual(each);
  });

  test("keep the trust of a Secret in step with its authority", async () => {
    const cluster = fakeCluster();
    await run(cluster, "the-token");
    const now = Date.now() + 3_400 * day;
    await run(cluster, undefined, now);
    expect(read(cluster, "tls", "ca.crt").match(/BEGIN/g)).toHaveLength(2);
    expect(read(cluster, "palisade-authorities", "router.next.crt", "palisade-prod")).toContain("BEGIN CERTIFICATE");
  });
});

test("random texts have the length asked for, and letters in equal shares", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), length => {
      expect(randomText(length)).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
    }),
  );
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const counts = new Map<string, number>();
  for (const letter of randomText(248, () => every)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  expect([...counts.values()]).toEqual(Array(62).fill(4));
  expect(() => randomText(1, () => Uint8Array.of(255))).toThrow(/randomness/);
});
