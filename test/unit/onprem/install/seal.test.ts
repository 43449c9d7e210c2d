// RT-9, SA-13: who may edit ConfigMaps of the platform's namespace, and no Secrets, does not choose what an installer applies or removes.
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../../src/kubernetes/errors";
import type { JsonObject } from "../../../../src/kubernetes/json";
import { readRecord, releaseConfigMap } from "../../../../src/onprem/install/records";
import { statusOf } from "../../../../src/onprem/install/status";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { earlierIn } from "../../../../src/onprem/installer/earlier";
import { FakeCluster } from "./fake-cluster";
import { configMap, deployment, environment, place, platform, target } from "./samples";

const first = target("1.0.0", [configMap("a", "1"), deployment("web", "a@1")]);
const second = target("1.1.0", [configMap("a", "2"), deployment("web", "a@2")]);
const at = (name: string) => `/api/v1/namespaces/${platform}/configmaps/${name}`;
const keyAt = `/api/v1/namespaces/${platform}/secrets/palisade-installer`;
const release = (revision: number) => at(`palisade-release-${revision}`);

async function installed(): Promise<FakeCluster> {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", first);
  await advance(environment(fake.line()), "upgrade", second);
  return fake;
}

const object = (fake: FakeCluster, path: string): JsonObject => structuredClone(fake.objects.get(path)) as JsonObject;

/** A record of which one thing is another, its seal as it was. */
function altered(record: JsonObject, change: Parameters<typeof releaseConfigMap>[0]["target"]["objects"]): JsonObject {
  const read = readRecord(record);
  const made = releaseConfigMap({ ...read, target: { ...read.target, objects: [...read.target.objects, ...change] } });
  const { seal } = record.data as { seal: string };
  return { ...record, ...made, data: { ...(made.data as object), seal } };
}

const planted = deployment("planted", "anything@1");
type Forge = (fake: FakeCluster) => void;
const forgeries: Record<string, Forge> = {
  "an object planted in a release": fake => fake.objects.set(release(1), altered(object(fake, release(1)), [planted])),
  "a release without a seal": fake => {
    const { data, ...record } = object(fake, release(1));
    const { seal: _, ...rest } = data as JsonObject;
    fake.objects.set(release(1), { ...record, data: rest });
  },
  "the seal of another record": fake => {
    const record = object(fake, release(1));
    const { seal = "" } = object(fake, release(2)).data as { seal?: string };
    fake.objects.set(release(1), { ...record, data: { ...(record.data as object), seal } });
  },
  "a record under another name": fake => {
    const record = object(fake, release(1));
    const metadata = { ...(record.metadata as object), name: "palisade-release-9" };
    fake.objects.set(release(9), { ...record, metadata });
  },
  "a record that passes for another kind": fake => {
    const record = object(fake, at("palisade-journal"));
    const { labels, ...metadata } = record.metadata as JsonObject;
    const other = { ...(labels as object), "palisade.dev/record": "release" };
    fake.objects.set(at("palisade-journal"), { ...record, metadata: { ...metadata, labels: other } });
  },
  "a journal of somebody else": fake => {
    const record = object(fake, at("palisade-journal"));
    const data = record.data as { operation: string; seal: string };
    const operation = data.operation.replace('"done"', '"under way"');
    fake.objects.set(at("palisade-journal"), { ...record, data: { ...data, operation } });
  },
};

describe.each(Object.entries(forgeries))("%s", (_, forge) => {
  test("is refused by name by every command, before anything is written", async () => {
    const fake = await installed();
    forge(fake);
    const { length } = fake.writes;
    const third = target("1.2.0", [configMap("a", "3")]);
    for (const command of [
      () => rollback(environment(fake.line()), platform),
      () => rollback(environment(fake.line()), platform, "1.0.0"),
      () => advance(environment(fake.line()), "upgrade", third),
      () => uninstall(environment(fake.line()), platform, true),
      () => statusOf(fake.line().cluster, platform),
      () => earlierIn(fake.line().cluster, platform, "1.2.0"),
    ])
      await expect(command()).rejects.toThrow(/ConfigMap palisade-test\/palisade-\S+ is not as an installer sealed it/);
    expect(fake.writes.slice(length)).toEqual([]);
    expect(fake.objects.has(`/apis/apps/v1/namespaces/${place}/deployments/planted`)).toBe(false);
  });
});

test("labels and notes that others put on a record do not break its seal", async () => {
  const fake = await installed();
  const record = object(fake, release(1));
  const metadata = record.metadata as JsonObject;
  const labels = { ...(metadata.labels as object), "backup.test/kept": "yes" };
  fake.objects.set(release(1), { ...record, metadata: { ...metadata, labels, annotations: { note: "seen" } } });
  expect(await rollback(environment(fake.line()), platform)).toMatchObject({ changed: true });
});

test("after it was told to, the installer goes on without what was altered", async () => {
  const fake = await installed();
  forgeries["an object planted in a release"]?.(fake);
  fake.objects.delete(release(1));
  expect(await advance(environment(fake.line()), "upgrade", target("1.2.0", [configMap("a", "3")]))).toMatchObject({
    changed: true,
  });
});

describe("without the key", () => {
  test("nothing recorded is used, and what to do is said", async () => {
    const fake = await installed();
    fake.objects.delete(keyAt);
    const { length } = fake.writes;
    await expect(rollback(environment(fake.line()), platform)).rejects.toMatchObject({
      what: expect.stringContaining("Secret palisade-test/palisade-installer, whose key seals"),
      fix: expect.stringContaining("kubectl delete configmap -l palisade.dev/record -n palisade-test"),
    });
    expect(fake.writes.slice(length)).toEqual([]);
    for (const path of [...fake.objects.keys()]) if (path.startsWith(at("palisade-"))) fake.objects.delete(path);
    expect(await advance(environment(fake.line()), "install", second)).toMatchObject({ changed: true });
    expect(await statusOf(fake.line().cluster, platform)).toMatchObject({ version: "1.1.0", healthy: true });
  });

  test("a record planted before the first install is refused", async () => {
    const fake = await installed();
    const record = object(fake, release(1));
    const empty = new FakeCluster();
    empty.objects.set(`/api/v1/namespaces/${platform}`, object(fake, `/api/v1/namespaces/${platform}`));
    empty.objects.set(release(1), record);
    await expect(advance(environment(empty.line()), "install", second)).rejects.toThrow("whose key seals");
    expect(empty.writes).toEqual([]);
  });

  test("a key that is none is named", async () => {
    const fake = await installed();
    const secret = object(fake, keyAt);
    fake.objects.set(keyAt, { ...secret, data: { key: "c2hvcnQ=" } });
    await expect(rollback(environment(fake.line()), platform)).rejects.toThrow("has no key of 32 bytes");
  });
});

test("an account that may not read the key sees the status, and that its records were not checked; it changes nothing", async () => {
  const fake = await installed();
  fake.forbidden = ({ path }) => path === keyAt;
  const status = await statusOf(fake.line().cluster, platform);
  expect(status).toMatchObject({ version: "1.1.0" });
  expect(status.unseen).toEqual([
    expect.stringContaining("Secret palisade-test/palisade-installer: this account may not read it"),
  ]);
  const { length } = fake.writes;
  await expect(rollback(environment(fake.line()), platform)).rejects.toThrow("permission denied");
  await expect(uninstall(environment(fake.line()), platform, false)).rejects.toThrow(ApiError);
  expect(fake.writes.slice(length)).toEqual([]);
});
