// The installer, ended by SIGKILL at any of its requests, before or after it took effect: the same command again ends in the same state.
import { describe, expect, test } from "vitest";
import type { Environment } from "../../../../src/onprem/install/environment";
import { thisProcess } from "../../../../src/onprem/install/holder";
import { madeByInstaller } from "../../../../src/onprem/install/identity";
import { leftOvers } from "../../../../src/onprem/install/left-over";
import { findNamespace } from "../../../../src/onprem/install/store";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { authoritiesSecret } from "../../../../src/onprem/secrets/own";
import { FakeCluster, Killed } from "./fake-cluster";
import { configMap, deployment, environment, place, platform, target } from "./samples";

const first = target("1.0.0", [configMap("old", "1"), configMap("both", "1"), deployment("web", "a@1")]);
const second = target("1.1.0", [configMap("new", "2"), configMap("both", "2"), deployment("web", "a@2")]);
/** Its pods never become ready, so that it goes back. */
const broken = target("1.2.0", [configMap("newer", "3"), deployment("web", "a@3"), deployment("bad", "b@3")]);

/** A process number that none can have: who comes next sees at once that it has ended. */
const gone = { ...thisProcess(), process: 4_194_305 };

type Command = (environment: Environment) => Promise<unknown>;
const install =
  (of: typeof first): Command =>
  here =>
    advance(here, "install", of);
const upgrade =
  (to: typeof first): Command =>
  here =>
    advance(here, "upgrade", to);

/** Ended while it waits: it is under way. */
const begun =
  (command: Command): Command =>
  async here => {
    const cancelled = new AbortController();
    const confirm: Environment["confirm"] = async ({ id }) => {
      if (id === "wait") cancelled.abort();
      return true;
    };
    await command({ ...here, confirm, cancelled: cancelled.signal }).catch(() => undefined);
  };

const cases: Record<string, { before: Command[]; command: Command }> = {
  install: { before: [], command: install(first) },
  "install again": { before: [install(first)], command: install(first) },
  upgrade: { before: [install(first)], command: upgrade(second) },
  "upgrade that fails": { before: [install(first)], command: upgrade(broken) },
  "rollback to a version": {
    before: [install(first), upgrade(second)],
    command: here => rollback(here, platform, "1.0.0"),
  },
  rollback: { before: [install(first), upgrade(second)], command: here => rollback(here, platform) },
  "rollback of what was begun": {
    before: [install(first), upgrade(second), begun(upgrade(broken))],
    command: here => rollback(here, platform),
  },
  uninstall: { before: [install(first), upgrade(second)], command: here => uninstall(here, platform, false) },
  "uninstall with data": { before: [install(first)], command: here => uninstall(here, platform, true) },
};

async function prepared(before: readonly Command[]): Promise<FakeCluster> {
  const fake = new FakeCluster();
  fake.broken.add("bad");
  for (const command of before) await command(environment(fake.line()));
  return fake;
}

/** What the command ends with: its failure in words, if that is its end. */
async function end(command: Command, here: Environment): Promise<string> {
  try {
    await command(here);
    return "done";
  } catch (error) {
    if (error instanceof Killed || (error as Error).message.startsWith("Killed")) throw error;
    return (error as Error).message;
  }
}

describe.each(Object.entries(cases))("%s", (_, { before, command }) => {
  test("ended at any request and typed again, it ends the same", { timeout: 120_000 }, async () => {
    const whole = await prepared(before);
    const line = whole.line();
    const wanted = await end(command, environment(line));
    const requests = line.sent();
    expect(requests).toBeGreaterThan(10);

    for (let at = 1; at <= requests; at++)
      for (const after of [false, true]) {
        const fake = await prepared(before);
        let alive = true;
        await command(environment(fake.line({ at, after }), { holder: gone })).then(
          () => undefined,
          () => {
            alive = false;
          },
        );
        // The last requests of a run, such as giving back the lease, may fail without a word.
        const again = await end(command, environment(fake.line()));
        const where = `killed ${after ? "after" : "before"} request ${at} of ${requests}${alive ? ", unnoticed" : ""}`;
        expect(again, where).toBe(wanted);
        expect(fake.state(), where).toEqual(whole.state());
      }
  });
});

/** As the command line does it, without a namespace that is named. */
async function uninstalled(fake: FakeCluster, at?: { at: number; after: boolean }): Promise<string> {
  const { cluster } = fake.line();
  const found = (await findNamespace(cluster, "")) ?? (await leftOvers(cluster))[0];
  if (found === undefined) return "nothing is installed";
  return (await uninstall(environment(fake.line(at), at && { holder: gone }), found, true)).text;
}

describe("an install ended at any request", () => {
  const moments = async (): Promise<{ at: number; after: boolean }[]> => {
    const line = new FakeCluster().line();
    await advance(environment(line), "install", first);
    return Array.from({ length: line.sent() }, (_, i) => [false, true].map(after => ({ at: i + 1, after }))).flat();
  };

  test("is found by an uninstall, which leaves nothing", { timeout: 120_000 }, async () => {
    let leftOver = 0;
    for (const moment of await moments()) {
      const fake = new FakeCluster();
      await advance(environment(fake.line(moment), { holder: gone }), "install", first).catch(() => undefined);
      const isThere = fake.objects.size > 0;
      if ((await leftOvers(fake.line().cluster)).length > 0) leftOver++;
      const where = `killed ${moment.after ? "after" : "before"} request ${moment.at}`;
      expect(await uninstalled(fake), where).toBe(
        isThere ? "Everything of the release is gone." : "nothing is installed",
      );
      expect([...fake.objects.keys()], where).toEqual([]);
    }
    // From the namespace to the first record.
    expect(leftOver).toBeGreaterThan(2);
  });

  test("leaves nothing but the namespaces where an administrator made them", { timeout: 120_000 }, async () => {
    const namespaces = first.objects.filter(({ kind }) => kind === "Namespace");
    const paths = namespaces.map(({ metadata }) => `/api/v1/namespaces/${metadata.name}`);
    for (const moment of await moments()) {
      const fake = new FakeCluster();
      for (const object of namespaces)
        fake.objects.set(`/api/v1/namespaces/${object.metadata.name}`, {
          ...structuredClone(object),
          status: { phase: "Active" },
        } as never);
      fake.forbidden = ({ method, path }) =>
        (method === "PATCH" && paths.includes(path)) ||
        path === "/api/v1/namespaces" ||
        (method === "GET" && path.endsWith("/secrets"));
      await advance(environment(fake.line(moment), { holder: gone }), "install", first).catch(() => undefined);
      await uninstall(environment(fake.line()), platform, true);
      expect([...fake.objects.keys()], `killed ${moment.after ? "after" : "before"} request ${moment.at}`).toEqual(
        paths,
      );
    }
  });

  test("before its first record: an uninstall of it can be ended anywhere too", { timeout: 120_000 }, async () => {
    const left = async () => {
      const fake = new FakeCluster();
      const made = (path: string) => path === `/api/v1/namespaces/${platform}`;
      for (const moment of await moments()) {
        await advance(environment(fake.line(moment), { holder: gone }), "install", first).catch(() => undefined);
        if ([...fake.objects.keys()].some(made)) return fake;
      }
      throw new Error("no namespace was made");
    };
    const line = (await left()).line();
    await uninstall(environment(line), platform, false);
    for (let at = 1; at <= line.sent(); at++)
      for (const after of [false, true]) {
        const fake = await left();
        await uninstalled(fake, { at, after }).catch(() => undefined);
        await uninstalled(fake);
        expect([...fake.objects.keys()], `killed ${after ? "after" : "before"} request ${at}`).toEqual([]);
      }
  });
});

test("namespaces in use are no left-overs: of a release that runs, with somebody's volume or pod, or of others", async () => {
  const fake = new FakeCluster();
  await advance(environment(fake.line()), "install", first);
  const { cluster } = fake.line();
  expect(await leftOvers(cluster)).toEqual([]);
  expect(await uninstall(environment(fake.line()), place, true)).toMatchObject({ changed: false });
  expect(await uninstall(environment(fake.line()), "absent", true)).toMatchObject({ changed: false });
  // Its records were lost: what stands is not taken for nothing.
  for (const key of [...fake.objects.keys()]) if (/palisade-(release|journal)/.test(key)) fake.objects.delete(key);
  const labels = { "app.kubernetes.io/managed-by": "palisade" };
  const authorities = { metadata: { name: authoritiesSecret, namespace: platform, labels } };
  fake.objects.set(`/api/v1/namespaces/${platform}/secrets/${authoritiesSecret}`, authorities);
  expect(await leftOvers(cluster)).toEqual([]);
  const empty = new FakeCluster();
  const made = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "a", annotations: { [madeByInstaller]: "true" } },
  };
  empty.objects.set("/api/v1/namespaces/a", made);
  empty.objects.set("/api/v1/namespaces/b", { ...made, metadata: { name: "b" } });
  expect(await leftOvers(empty.line().cluster)).toEqual(["a"]);
  for (const kind of ["pods", "persistentvolumeclaims"]) {
    const key = `/api/v1/namespaces/a/${kind}/x`;
    empty.objects.set(key, { metadata: { name: "x", namespace: "a" } });
    expect(await leftOvers(empty.line().cluster), kind).toEqual([]);
    empty.objects.delete(key);
  }
  empty.forbidden = ({ path }) => path.endsWith("/secrets");
  expect(await leftOvers(empty.line().cluster)).toEqual([]);
});
