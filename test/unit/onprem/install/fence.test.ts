// The installer that was frozen or cut off while another took over: none of its writes reaches the cluster any more (RT-9).
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ApiRequest } from "../../../../src/kubernetes/client";
import { ApiError } from "../../../../src/kubernetes/errors";
import { textAt } from "../../../../src/kubernetes/json";
import type { Environment } from "../../../../src/onprem/install/environment";
import { thisProcess } from "../../../../src/onprem/install/holder";
import { Overtaken, store as storeOf } from "../../../../src/onprem/install/store";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { FakeCluster, type Line } from "./fake-cluster";
import { configMap, deployment, environment, parts, place, platform, target } from "./samples";

const times = { duration: 0.4, renewal: 0.1 };
const release = (version: string) =>
  target(version, [
    ...Array.from({ length: 20 }, (_, i) => configMap(`c${i}`, version)),
    deployment("web", `web@${version}`),
  ]);
const other = { identity: "somebody else", machine: "another", process: 1 };
const here = (line: Line, change: Partial<Environment> = {}) => environment(line, { leaseTimes: times, ...change });

/** A line on which each request waits for, or fails by, what comes before it. */
function through(line: Line, before: (request: ApiRequest) => Promise<void>): Line {
  const { api } = line.cluster;
  const send = async (request: ApiRequest) => {
    await before(request);
    return api.send(request);
  };
  return { ...line, cluster: { ...line.cluster, api: { ...api, send } } };
}

/** Freezes a line at its first request that fits: as if its process were stopped, from then on nothing of it is sent. */
function freezing(line: Line, at: (method: string, path: string) => boolean) {
  let isFrozen = false;
  let wake = () => {};
  let told = () => {};
  const awake = new Promise<void>(resolve => {
    wake = resolve;
  });
  const frozen = new Promise<void>(resolve => {
    told = resolve;
  });
  const frozenLine = through(line, async ({ method, path }) => {
    if (!isFrozen && at(method, path)) {
      isFrozen = true;
      told();
    }
    if (isFrozen) await awake;
  });
  return { line: frozenLine, frozen, wake };
}

const points: Record<string, (method: string, path: string) => boolean> = {
  "in the middle of apply": (method, path) => method === "PATCH" && path.endsWith("/configmaps/c7"),
  "in the smoke test": (_, path) => path.includes("/proxy"),
  "before it writes the journal": (() => {
    let writes = 0;
    return (method: string, path: string) =>
      method !== "GET" && path.endsWith("/configmaps/palisade-journal") && ++writes === 6;
  })(),
};

describe.each(Object.entries(points))("frozen %s", (_, at) => {
  test("it wakes and writes nothing over what its successor did", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", release("1.0.0"));
    const { line, frozen, wake } = freezing(fake.line(), at);
    const first = advance(here(line, { holder: other }), "upgrade", release("1.1.0")).catch((error: Error) => error);
    await frozen;
    await rollback(here(fake.line()), platform);
    const [writes, state] = [fake.writes.length, fake.state()];
    wake();
    expect(await first).toMatchObject({ message: expect.stringContaining("another installer has taken over") });
    expect(fake.writes.slice(writes).filter(write => !write.includes("/leases/"))).toEqual([]);
    expect(fake.state()).toEqual(state);
  });
});

test("frozen before it deletes the namespaces, it deletes nothing of a later install", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", release("1.0.0"));
  const { line, frozen, wake } = freezing(
    fake.line(),
    (method, path) => method === "DELETE" && path === `/api/v1/namespaces/${platform}`,
  );
  const first = uninstall(here(line, { holder: other }), platform, true).catch((error: Error) => error);
  await frozen;
  await uninstall(here(fake.line()), platform, true);
  await advance(here(fake.line()), "install", release("1.1.0"));
  const state = fake.state();
  wake();
  expect(await first).toBeInstanceOf(Error);
  expect(fake.state()).toEqual(state);
});

test("frozen while nobody else came, it renews its lease and goes on", async () => {
  const fake = new FakeCluster();
  const { line, frozen, wake } = freezing(fake.line(), (method, path) => method === "PATCH" && path.endsWith("/c7"));
  const run = advance(here(line), "install", release("1.0.0"));
  await frozen;
  await sleep(3_000 * times.duration);
  wake();
  await expect(run).resolves.toMatchObject({ text: "Release 1.0.0 runs." });
});

test("a cluster that does not answer for longer than the lease lasts is waited for", async () => {
  const fake = new FakeCluster();
  let isCut = false;
  const line = fake.line();
  const cut = through(line, async ({ path }) => {
    if (isCut && path.includes("/leases/")) throw new Error("connection refused");
  });
  let written = 0;
  const images = async () => {
    isCut = true;
    await sleep(2_000 * times.duration);
    written = fake.writes.length;
    setTimeout(() => {
      isCut = false;
      expect(fake.writes.length).toBe(written);
    }, 1_000 * times.duration);
    return "";
  };
  await expect(advance(here(cut, { parts: { ...parts, images } }), "install", release("1.0.0"))).resolves.toMatchObject(
    { changed: true },
  );
  expect(written).toBeGreaterThan(0);
});

test("one that stays away is given up, in words, and nothing is written meanwhile", async () => {
  const fake = new FakeCluster();
  let isCut = false;
  let writes = 0;
  fake.forbidden = ({ path }) => isCut && path.includes("/leases/");
  const images = async () => {
    isCut = true;
    await sleep(1_000 * times.duration);
    writes = fake.writes.length;
    return "";
  };
  const leaseTimes = { ...times, patience: 1 };
  await expect(
    advance(here(fake.line(), { parts: { ...parts, images }, leaseTimes }), "install", release("1.0.0")),
  ).rejects.toThrow(/not be renewed for 1 s: Forbidden\n.*Type the same command again/);
  expect(fake.writes.length).toBe(writes);
});

test("a journal that somebody else wrote is not written over, and nothing is done by it", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", release("1.0.0"));
  const at = `/api/v1/namespaces/${platform}/configmaps/palisade-journal`;
  const images = async () => {
    const { api } = fake.line().cluster;
    const live = await api.send({ method: "GET", path: at });
    await api.send({ method: "PUT", path: at, body: { ...live, data: { ...(live.data as object), more: "1" } } });
    return "";
  };
  await expect(
    advance(environment(fake.line(), { parts: { ...parts, images } }), "upgrade", release("1.1.0")),
  ).rejects.toThrow(`ConfigMap ${platform}/palisade-journal was changed by somebody else`);
  expect(textAt(fake.objects.get(at), "data", "more")).toBe("1");
  expect(textAt(fake.objects.get(`/api/v1/namespaces/${place}/configmaps/c1`), "data", "value")).toBe("1.0.0");
});

test("a record is written over the version that was read, and no other; one whose answer was lost is found written", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", release("1.0.0"));
  const [first, second] = [storeOf(fake.line().cluster, platform), storeOf(fake.line().cluster, platform)];
  const record = await first.record(1);
  await second.write({ ...record, head: { ...(await second.record(1)).head, state: "superseded" } });
  await expect(first.write({ ...record, head: { ...record.head, state: "failed" } })).rejects.toThrow(Overtaken);
  expect((await second.record(1)).head.state).toBe("superseded");
  const same = { ...record, head: { ...record.head, state: "superseded" as const } };
  await expect(first.write(same)).resolves.toBeUndefined();
  // Never seen, so that it is taken for new.
  await expect(storeOf(fake.line().cluster, platform).write(record)).rejects.toThrow(Overtaken);
});

test("what somebody else only labels is written all the same", async () => {
  const fake = new FakeCluster();
  const at = `/api/v1/namespaces/${platform}/configmaps/palisade-journal`;
  const images = async () => {
    const { api } = fake.line().cluster;
    const live = await api.send({ method: "GET", path: at });
    const metadata = { ...(live.metadata as object), annotations: { "backup.example/seen": "1" } };
    await api.send({ method: "PUT", path: at, body: { ...live, metadata } });
    return "";
  };
  await expect(
    advance(environment(fake.line(), { parts: { ...parts, images } }), "install", release("1.0.0")),
  ).resolves.toMatchObject({ changed: true });
});

test("a token that ends in the middle of apply is told, and the journal goes on from there", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", release("1.0.0"));
  let isEnded = false;
  const ending = through(fake.line(), async ({ method, path }) => {
    isEnded ||= method === "PATCH" && path.endsWith("/c7");
    if (isEnded) throw new ApiError(401, { message: "Unauthorized" }, method, path);
  });
  const gone = { ...thisProcess(), process: 4_194_305 };
  await expect(advance(environment(ending, { holder: gone }), "upgrade", release("1.1.0"))).rejects.toThrow(
    /no longer knows this account: Unauthorized\nLog in/,
  );
  await expect(advance(environment(fake.line()), "upgrade", release("1.1.0"))).resolves.toMatchObject({
    text: "Release 1.1.0 runs.",
  });
});

test("what cannot be recorded does not take the place of the reason", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", release("1.0.0"));
  let isLate = false;
  fake.forbidden = ({ method, path }) => isLate && method === "PUT" && path.endsWith("/palisade-journal");
  const secrets = async () => {
    isLate = true;
    throw new Error("a value is missing");
  };
  await expect(
    advance(environment(fake.line(), { parts: { ...parts, secrets } }), "upgrade", release("1.1.0")),
  ).rejects.toThrow(/a value is missing\nNor could this be recorded: Forbidden/);
});
