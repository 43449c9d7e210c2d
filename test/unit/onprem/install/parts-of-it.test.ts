// The installer's decisions one by one: order, what is dropped, what is kept, records of others, services that are not well, who may go on.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../../src/kubernetes/errors";
import type { JsonObject } from "../../../../src/kubernetes/json";
import { keyOf } from "../../../../src/onprem/install/identity";
import { nothingKept } from "../../../../src/onprem/install/kept-data";
import { type ReleaseRecord, readRecord, releaseConfigMap } from "../../../../src/onprem/install/records";
import { trimmed } from "../../../../src/onprem/install/release-book";
import { dropped } from "../../../../src/onprem/install/remove";
import { inOrder, reversed } from "../../../../src/onprem/install/schedule";
import { judge } from "../../../../src/onprem/install/smoke";
import { statusOf } from "../../../../src/onprem/install/status";
import { statusText } from "../../../../src/onprem/install/status-text";
import { advance, rollback } from "../../../../src/onprem/install/transition";
import { uninstall } from "../../../../src/onprem/install/uninstall";
import { claimPredicate } from "../../../../src/onprem/install/volumes";
import { FakeCluster } from "./fake-cluster";
import { configMap, deployment, environment, place, platform, target, told } from "./samples";

/** Graphs without circles: each waits for some of those before it. */
const graph = fc
  .array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map(all => new Map(all.map((needs, i) => [String(i), needs.filter(need => need < i).map(String)] as const)));

describe("order", () => {
  test("nothing before what it waits for, everything once, never more at once than allowed", async () => {
    await fc.assert(
      fc.asyncProperty(graph, fc.integer({ min: 1, max: 5 }), async (needs, limit) => {
        const done: string[] = [];
        let running = 0;
        await inOrder(
          new Map([...needs.keys()].map(key => [key, key])),
          needs,
          async key => {
            expect(++running).toBeLessThanOrEqual(limit);
            expect(done).toEqual(expect.arrayContaining([...(needs.get(key) ?? [])]));
            await Promise.resolve();
            running--;
            done.push(key);
          },
          limit,
        );
        expect(done.toSorted()).toEqual([...needs.keys()].toSorted());
      }),
    );
  });

  test("the other way round turns every arrow", () => {
    fc.assert(
      fc.property(graph, needs => {
        const turned = reversed(needs);
        for (const [key, others] of needs) for (const other of others) expect(turned.get(other)).toContain(key);
        expect([...turned.values()].flat().length).toBe([...needs.values()].flat().length);
      }),
    );
  });

  test("after a failure nothing new begins, and a circle is named", async () => {
    const begun: string[] = [];
    const needs = new Map([
      ["b", ["a"]],
      ["c", []],
    ]);
    const tasks = new Map(["a", "b", "c"].map(key => [key, key]));
    await expect(
      inOrder(tasks, needs, async key => {
        begun.push(key);
        if (key === "a") throw new Error("a fails");
      }),
    ).rejects.toThrow("a fails");
    expect(begun).toEqual(["a", "c"]);
    const circle = new Map([
      ["a", ["b"]],
      ["b", ["a"]],
    ]);
    await expect(
      inOrder(
        new Map([
          ["a", 1],
          ["b", 2],
        ]),
        circle,
        async () => undefined,
      ),
    ).rejects.toThrow("wait for each other: a, b");
  });
});

test("dropped is what no longer is there, whatever its version, and never what holds data", () => {
  const identity = (kind: string, name: string, apiVersion = "v1") => ({ apiVersion, kind, namespace: "n", name });
  const old = [
    identity("ConfigMap", "a"),
    identity("CronJob", "c", "batch/v1beta1"),
    identity("PersistentVolumeClaim", "d"),
  ];
  const { gone, kept } = dropped([...old, ...old], [identity("CronJob", "c", "batch/v1")]);
  expect(gone.map(keyOf)).toEqual(["/ConfigMap/n/a"]);
  expect(kept.map(({ name }) => name)).toEqual(["d"]);
});

describe("records", () => {
  const record: ReleaseRecord = {
    head: {
      ...{ schema: 1, revision: 3, serial: 0, state: "pending", fingerprint: "f", stack: "shop", environment: "test" },
      ...{ version: "1.0.0", buildSha: "a", indexDigest: "", registry: "r", at: "2026-01-01T00:00:00.000Z" },
    },
    target: target("1.0.0", [configMap("a", "1")]),
    kept: nothingKept,
  };

  test("are read as they were written", () => {
    const { target: read } = readRecord(releaseConfigMap(record));
    expect(read.objects).toEqual(record.target.objects);
    expect(read.secrets).toEqual(record.target.secrets);
  });

  test("of others, or changed, are refused by name", () => {
    const map = releaseConfigMap(record);
    const changed: JsonObject[] = [
      { ...map, data: {} },
      { ...map, binaryData: { content: "AAAA" } },
      { ...map, data: { release: "{}" } },
    ];
    for (const bad of changed)
      expect(() => readRecord(bad)).toThrow(
        "ConfigMap palisade-test/palisade-release-3 is not what an installer of this version wrote",
      );
  });

  test("never hold a Secret, and never grow beyond what a ConfigMap takes", () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: place }, data: {} };
    expect(() => releaseConfigMap({ ...record, target: target("1.0.0", [secret]) })).toThrow(
      "Secret s is among the objects",
    );
    const random = Array.from({ length: 200_000 }, (_, i) => Math.sin(i * i).toString(36)).join("");
    expect(() => releaseConfigMap({ ...record, target: target("1.0.0", [configMap("a", random)]) })).toThrow(
      "a ConfigMap takes",
    );
  });

  test("the last that ran are kept, what never ran is not", () => {
    const of = (revision: number, serial: number): ReleaseRecord => ({
      ...record,
      head: { ...record.head, revision, serial },
    });
    const { kept, forgotten } = trimmed([of(1, 1), of(2, 2), of(3, 0), of(4, 3), of(5, 4)], 5, 2);
    expect(kept.map(({ head }) => head.revision)).toEqual([4, 2]);
    expect(forgotten.map(({ head }) => head.revision)).toEqual([1, 3]);
  });
});

test("the service's own no is told from the proxy's", () => {
  const status = (code: number, reason: string, message: string) =>
    new ApiError(code, { kind: "Status", reason, message }, "GET", "/");
  expect(judge(new ApiError(503, { message: "database is gone" }, "GET", "/")).kind).toBe("unwell");
  expect(judge(new ApiError(404, { message: "no such page" }, "GET", "/")).kind).toBe("unwell");
  expect(judge(status(503, "ServiceUnavailable", 'no endpoints available for service "web"')).kind).toBe("unwell");
  expect(judge(status(503, "ServiceUnavailable", "error trying to reach service: dial tcp: i/o timeout")).kind).toBe(
    "unreached",
  );
  // As the reference services answer.
  const own = { status: "unhealthy", reason: "the database does not answer" };
  expect(judge(new ApiError(503, own, "GET", "/")).kind).toBe("unwell");
  expect(judge(new ApiError(502, { message: "proxy error: error trying to reach service" }, "GET", "/")).kind).toBe(
    "unwell",
  );
  expect(judge(status(403, "Forbidden", "services/proxy is forbidden")).kind).toBe("unreached");
});

test("claims are ours by declaration or by a StatefulSet's template, and no others", () => {
  const set = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "pg", namespace: place },
    spec: { volumeClaimTemplates: [{ metadata: { name: "data" } }] },
  };
  const isOurs = claimPredicate([
    set,
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "own", namespace: place } },
  ]);
  expect(["data-pg-0", "data-pg-12", "own", "data-pg-x", "data-pgx-0", "other"].map(isOurs)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe("operations", () => {
  const first = target("1.0.0", [configMap("a", "1"), deployment("web", "a@1")]);

  test("a dry run, a no at the plan, and a preflight that fails write nothing", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line(), { dryRun: true }), "install", first);
    await expect(advance(environment(fake.line(), { agree: async () => false }), "install", first)).rejects.toThrow(
      "not begun",
    );
    const parts = { ...environment(fake.line()).parts, preflight: async () => Promise.reject(new Error("too small")) };
    await expect(advance(environment(fake.line(), { parts }), "install", first)).rejects.toThrow("too small");
    expect(fake.writes).toEqual([]);
  });

  test("a service that is not well after an upgrade brings the release before back", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", first);
    const before = fake.objects.get(`/api/v1/namespaces/${place}/configmaps/a`);
    fake.unwell.add("web");
    const second = target("1.1.0", [configMap("a", "2"), deployment("web", "a@2")]);
    // Five tries with pauses between them.
    await expect(advance(environment(fake.line()), "upgrade", second)).rejects.toThrow(
      /database is gone[\s\S]*Went back to release 1\.0\.0/,
    );
    expect(fake.objects.get(`/api/v1/namespaces/${place}/configmaps/a`)?.data).toEqual(before?.data);
  }, 30_000);

  test("after a rollback that failed, the status says what stands beside the release that ran last", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", first);
    await advance(
      environment(fake.line()),
      "upgrade",
      target("1.1.0", [configMap("a", "2"), deployment("new", "a@2")]),
    );
    fake.broken.add("web");
    await expect(rollback(environment(fake.line()), platform)).rejects.toThrow("did not become ready");
    fake.broken.clear();
    const status = await statusOf(fake.line().cluster, platform);
    expect(status).toMatchObject({ version: "1.1.0", partly: "1.0.0", healthy: false });
    expect(statusText(status)).toContain("palisade rollback --to 1.0.0, or palisade rollback --to 1.1.0");
    await rollback(environment(fake.line()), platform, "1.1.0");
    expect(await statusOf(fake.line().cluster, platform)).not.toHaveProperty("partly");
  });

  test("a bundle of another stack is refused, and changes nothing", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", first);
    const before = fake.state();
    const other = target("2.0.0", [configMap("b", "1")], { stack: "other-customer" });
    await expect(advance(environment(fake.line()), "upgrade", other)).rejects.toThrow("what is here is 1.0.0 of shop");
    expect(fake.state()).toEqual(before);
  });

  test("a first install that fails leaves what stands, and says what to type", async () => {
    const fake = new FakeCluster();
    fake.broken.add("web");
    await expect(advance(environment(fake.line()), "install", first)).rejects.toThrow(
      /did not become ready[\s\S]*palisade uninstall/,
    );
    expect([...fake.objects.keys()].some(path => path.endsWith("/deployments/web"))).toBe(true);
    fake.broken.clear();
    await expect(uninstall(environment(fake.line()), platform, true)).resolves.toMatchObject({ changed: true });
    expect([...fake.objects.keys()]).toEqual([]);
  });

  test("a first install that was ended is begun anew with other values, and nothing of the first stays", async () => {
    const fake = new FakeCluster();
    const ended = new AbortController();
    const images = async () => {
      ended.abort();
      return "";
    };
    const cancelled = ended.signal;
    const here = environment(fake.line(), { parts: { ...environment(fake.line()).parts, images }, cancelled });
    await expect(advance(here, "install", first)).rejects.toThrow("interrupted");
    const mended = target("1.0.0", [configMap("b", "1"), deployment("web", "a@1")]);
    await expect(advance(environment(fake.line()), "install", mended)).resolves.toMatchObject({ changed: true });
    const whole = new FakeCluster();
    await advance(environment(whole.line()), "install", mended);
    expect(Object.keys(fake.state()).filter(path => !path.includes("palisade-release-"))).toEqual(
      Object.keys(whole.state()).filter(path => !path.includes("palisade-release-")),
    );
  });

  test("images that cannot be had change nothing of what runs", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", first);
    const parts = {
      ...environment(fake.line()).parts,
      images: async () => Promise.reject(new Error("registry is full")),
    };
    const second = target("1.1.0", [configMap("a", "2"), deployment("web", "a@2")]);
    await expect(advance(environment(fake.line(), { parts }), "upgrade", second)).rejects.toThrow(
      /registry is full\nRelease 1\.0\.0 runs as before/,
    );
    expect(fake.objects.get(`/api/v1/namespaces/${place}/configmaps/a`)?.data).toEqual({ value: "1" });
    await expect(rollback(environment(fake.line()), platform)).rejects.toThrow("no release before 1.0.0");
  });

  test("a way back that fails goes on when the same command is typed again", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", first);
    fake.broken.add("web");
    const second = target("1.1.0", [configMap("a", "2"), deployment("web", "a@2")]);
    await expect(advance(environment(fake.line()), "upgrade", second)).rejects.toThrow(
      /Going back to release 1\.0\.0 failed as well[\s\S]*palisade rollback/,
    );
    fake.broken.clear();
    const report = told();
    // What the release before needs is there: the cluster's fitness for the one that failed is not asked again.
    const parts = {
      ...environment(fake.line()).parts,
      preflight: async () => Promise.reject(new Error("no registry")),
    };
    await expect(advance(environment(fake.line(), { report, parts }), "upgrade", second)).rejects.toThrow(
      "Went back to release 1.0.0",
    );
    expect(report.lines).not.toContain("begins images");
    expect(report.lines.filter(line => line.startsWith("plan "))).toEqual(["plan verify", "plan begin", "plan apply"]);
    expect(fake.objects.get(`/api/v1/namespaces/${place}/configmaps/a`)?.data).toEqual({ value: "1" });
  });

  test("without the right to make what belongs to the cluster, the command for an administrator is printed", async () => {
    const fake = new FakeCluster();
    fake.forbidden = ({ method, path }) => method === "PATCH" && /^\/api\/v1\/namespaces\/[^/]+$/.test(path);
    await expect(advance(environment(fake.line()), "install", first)).rejects.toThrow(
      /Namespace palisade-test\n.*palisade grant BUNDLE/,
    );
    const granted = new FakeCluster();
    for (const object of first.objects.filter(({ kind }) => kind === "Namespace"))
      granted.objects.set(`/api/v1/namespaces/${object.metadata.name}`, {
        ...object,
        metadata: { ...object.metadata },
        status: { phase: "Active" },
      } as never);
    granted.forbidden = fake.forbidden;
    await expect(advance(environment(granted.line()), "install", first)).resolves.toMatchObject({
      text: "Release 1.0.0 runs.",
    });
    await uninstall(environment(granted.line()), platform, true);
    // Not ours, they stay, and nothing in them.
    expect([...granted.objects.keys()]).toEqual([`/api/v1/namespaces/${platform}`, `/api/v1/namespaces/${place}`]);
  });
});
