// RT-12, PF-7: supplied Secrets and the way back: it asks for none, and the values that ran before are there again, wherever it was killed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SecretPlan } from "../../../../src/components/kubernetes/secret-plan";
import { objectAt, textAt } from "../../../../src/kubernetes/json";
import type { Environment } from "../../../../src/onprem/install/environment";
import { thisProcess } from "../../../../src/onprem/install/holder";
import { transitionPlan } from "../../../../src/onprem/install/plan";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { recordedParts } from "../../../../src/onprem/installer/bundle-parts";
import { formerSecret } from "../../../../src/onprem/secrets/own";
import { FakeCluster, type Line } from "./fake-cluster";
import { configMap, deployment, environment, place, platform, target } from "./samples";

const labels = { "app.kubernetes.io/part-of": "shop" };
const token: SecretPlan["keys"] = { token: { kind: "supplied", variable: "TOKEN", description: "Token." } };
const keys = (of: SecretPlan["keys"]): SecretPlan[] => [{ name: "keys", namespace: place, labels, keys: of }];
const both: SecretPlan["keys"] = { ...token, more: { kind: "supplied", variable: "MORE", description: "More." } };
const generated: SecretPlan["keys"] = { ...token, password: { kind: "generated", length: 8 } };

const first = target("1.0.0", [configMap("a", "1"), deployment("web", "a@1")], { secrets: keys(generated) });
/** Its pods never become ready, and it asks for a value more, and for a password no longer. */
const failing = target("1.1.0", [configMap("a", "2"), deployment("bad", "b@2")], { secrets: keys(both) });

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-way-back-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** An environment with the command line's own parts, but for the cluster's look and the images. */
function supplying(line: Line, values: Record<string, string>, change: Partial<Environment> = {}): Environment {
  const secrets = join(directory, `${Object.keys(values).join("-")}-${values.TOKEN}.yaml`);
  writeFileSync(secrets, JSON.stringify({ shop: values }), { mode: 0o600 });
  return environment(line, { parts: recordedParts({ secrets }), ...change });
}

const dataOf = (fake: FakeCluster) => {
  const data = objectAt(fake.objects.get(`/api/v1/namespaces/${place}/secrets/keys`), "data");
  return Object.fromEntries(
    Object.keys(data).map(key => [key, Buffer.from(textAt(data, key), "base64").toString("utf8")]),
  );
};
const former = `/api/v1/namespaces/${platform}/secrets/${formerSecret}`;

async function installed(): Promise<FakeCluster> {
  const fake = new FakeCluster();
  fake.broken.add("bad");
  await advance(supplying(fake.line(), { TOKEN: "old" }), "install", first);
  return fake;
}

test("a failed upgrade that was given a new value goes back, with every value that ran before", async () => {
  const fake = await installed();
  const before = dataOf(fake);
  expect(before).toMatchObject({ token: "old", password: expect.stringMatching(/^\w{8}$/) });
  const upgrade = advance(supplying(fake.line(), { TOKEN: "wrong", MORE: "m" }), "upgrade", failing);
  await expect(upgrade).rejects.toThrow("Went back to release 1.0.0, which runs again");
  expect(dataOf(fake)).toEqual(before);
  expect(fake.objects.has(former)).toBe(false);
});

test("no value that was kept is in the journal or a record", async () => {
  const fake = await installed();
  const line = fake.line();
  const { parts } = supplying(line, { TOKEN: "wrong", MORE: "m" });
  await expect(
    advance(environment(line, { parts, confirm: async ({ id }) => id !== "apply" }), "upgrade", failing),
  ).rejects.toThrow();
  const texts = [...fake.objects]
    .filter(([path]) => !path.includes("/secrets/"))
    .map(([, live]) => JSON.stringify(live));
  for (const value of ["old", "wrong"].flatMap(text => [`"${text}"`, Buffer.from(text).toString("base64")]))
    expect(texts.join("\n")).not.toContain(value);
});

test("an upgrade that was interrupted is gone back from by `rollback`, with the values that ran before", async () => {
  const fake = await installed();
  const before = dataOf(fake);
  const cancelled = new AbortController();
  const stopped = supplying(fake.line(), { TOKEN: "wrong", MORE: "m" }, { cancelled: cancelled.signal });
  const confirm = async ({ id }: { id: string }) => {
    if (id === "apply") cancelled.abort();
    return true;
  };
  await expect(advance({ ...stopped, confirm }, "upgrade", failing)).rejects.toThrow("interrupted");
  expect(dataOf(fake)).toMatchObject({ token: "wrong", more: "m" });
  await rollback(environment(fake.line(), { parts: recordedParts({}) }), platform);
  expect(dataOf(fake)).toEqual(before);
  expect(fake.objects.has(former)).toBe(false);
});

test("once the new release runs, the values it replaced are kept no longer", async () => {
  const fake = await installed();
  const next = target("1.1.0", [configMap("a", "2"), deployment("web", "a@2")], { secrets: keys(both) });
  await advance(supplying(fake.line(), { TOKEN: "new", MORE: "m" }), "upgrade", next);
  expect(dataOf(fake)).toEqual({ token: "new", more: "m" });
  expect(fake.objects.has(former)).toBe(false);
});

test("the plan says that supplied values are written", () => {
  const plan = transitionPlan("upgrade", { kind: "new" }, failing);
  expect(plan.steps.find(({ id }) => id === "secrets")?.what).toMatch(/supplied values that are new/);
});

/** A process number that none can have. */
const gone = { ...thisProcess(), process: 4_194_305 };

test("killed at any request of a failing upgrade and typed again, it ends with the values that ran before", {
  timeout: 120_000,
}, async () => {
  const values = { TOKEN: "wrong", MORE: "m" };
  const whole = (await installed()).line();
  await expect(advance(supplying(whole, values), "upgrade", failing)).rejects.toThrow("Went back");
  for (let at = 1; at <= whole.sent(); at++)
    for (const after of [false, true]) {
      const fake = await installed();
      const before = dataOf(fake);
      const killed = supplying(fake.line({ at, after }), values, { holder: gone });
      await expect(advance(killed, "upgrade", failing)).rejects.toThrow();
      await expect(advance(supplying(fake.line(), values), "upgrade", failing)).rejects.toThrow("Went back");
      expect(dataOf(fake), `killed ${after ? "after" : "before"} request ${at}`).toEqual(before);
      expect(fake.objects.has(former)).toBe(false);
    }
});
