// RT-9, RT-27: what a release leaves with data in it is known as long as the data is there, also once that release is let go of.
import { expect, test } from "vitest";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { FakeCluster } from "./fake-cluster";
import { configMap, deployment, environment, namespace, platform, target } from "./samples";

const at = "store-test";
const labels = { "app.kubernetes.io/managed-by": "palisade" };
const plan = (name: string, where: string) => ({
  name,
  namespace: where,
  labels,
  keys: { key: { kind: "generated" as const, length: 8 } },
});
const shop = plan("keys", "shop-test");
const store = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "pg", namespace: at, labels },
  spec: { replicas: 1, volumeClaimTemplates: [{ metadata: { name: "data" } }] },
};
const web = (tag: string) => [configMap("a", tag), deployment("web", `a@${tag}`)];
const first = target("1.0.0", [...web("1"), namespace(at), store], { secrets: [shop, plan("opens-data", at)] });
const without = (version: string) => target(version, web(version));
const claim = `/api/v1/namespaces/${at}/persistentvolumeclaims/data-pg-0`;
const others = `/api/v1/namespaces/${at}/persistentvolumeclaims/of-somebody-else`;
const secret = `/api/v1/namespaces/${at}/secrets/opens-data`;
const space = `/api/v1/namespaces/${at}`;

const upgrade = (fake: FakeCluster, to: ReturnType<typeof target>) =>
  advance(environment(fake.line(), { keep: 1 }), "upgrade", to);

/** Two releases later, of which neither has the store: that which had it is no longer kept. */
async function letGo(): Promise<FakeCluster> {
  const fake = new FakeCluster();
  await advance(environment(fake.line(), { keep: 1 }), "install", first);
  fake.objects.set(claim, { kind: "PersistentVolumeClaim", metadata: { name: "data-pg-0", namespace: at, uid: "u" } });
  await upgrade(fake, without("1.1.0"));
  await upgrade(fake, without("1.2.0"));
  await expect(rollback(environment(fake.line()), platform, "1.0.0")).rejects.toThrow("1.0.0 is not among");
  return fake;
}

test("the Secret that opens a volume stays as long as the volume", async () => {
  const fake = await letGo();
  expect(fake.objects.has(secret)).toBe(true);
  await upgrade(fake, without("1.3.0"));
  await upgrade(fake, without("1.4.0"));
  expect(fake.objects.has(secret)).toBe(true);
  fake.objects.delete(claim);
  await upgrade(fake, without("1.5.0"));
  expect(fake.objects.has(secret)).toBe(false);
  expect(fake.objects.has(space)).toBe(true);
  await uninstall(environment(fake.line()), platform, false);
  expect([...fake.objects.keys()]).toEqual([]);
});

test("an uninstall leaves the volume with its Secret, and says so", async () => {
  const fake = await letGo();
  const { text } = await uninstall(environment(fake.line()), platform, false);
  expect(text).toContain("store-test/data-pg-0");
  expect([...fake.objects.keys()].toSorted()).toEqual([space, claim, secret].toSorted());
});

test("an uninstall with the data takes volume, Secret and namespace", async () => {
  const fake = await letGo();
  await uninstall(environment(fake.line()), platform, true);
  expect([...fake.objects.keys()]).toEqual([]);
});

test("it is known after a rollback too, and of others' volumes nothing is", async () => {
  const fake = await letGo();
  await rollback(environment(fake.line(), { keep: 1 }), platform, "1.1.0");
  await upgrade(fake, without("1.3.0"));
  expect(fake.objects.has(secret)).toBe(true);
  fake.objects.delete(claim);
  fake.objects.set(others, { kind: "PersistentVolumeClaim", metadata: { name: "of-somebody-else", namespace: at } });
  await upgrade(fake, without("1.4.0"));
  expect(fake.objects.has(secret)).toBe(false);
});

test("a release that has the store again finds its volume with the Secret that opens it", async () => {
  const fake = await letGo();
  const before = fake.objects.get(secret)?.data;
  await upgrade(fake, { ...first, version: "1.3.0", buildSha: "b".repeat(40) });
  await upgrade(fake, { ...first, version: "1.4.0", buildSha: "c".repeat(40) });
  expect(fake.objects.get(secret)?.data).toEqual(before);
});

test("where claims may not be looked for, the Secret stays", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line(), { keep: 1 }), "install", first);
  fake.objects.set(claim, { kind: "PersistentVolumeClaim", metadata: { name: "data-pg-0", namespace: at, uid: "u" } });
  fake.forbidden = ({ path }) => path.includes(`/${at}/persistentvolumeclaims`);
  await upgrade(fake, without("1.1.0"));
  await upgrade(fake, without("1.2.0"));
  expect(fake.objects.has(secret)).toBe(true);
  fake.forbidden = () => false;
  await uninstall(environment(fake.line()), platform, true);
  expect([...fake.objects.keys()]).toEqual([]);
});
