import { expect, test } from "vitest";
import { router } from "../../../src/catalog/router";
import { containerDefinitions } from "../../../src/components/aws/container-definition";
import { egressOf } from "../../../src/workload/egress";
import { hopsOf } from "../../../src/workload/hops";
import { digest } from "../components/samples";

const { poller } = router.services;
if (!poller) throw new Error("the router has no poller");

const containers = containerDefinitions(poller, {
  name: "poller",
  image: `registry/router/poller@${digest}`,
  environment: {},
  secretArns: {},
  logGroupName: "/palisade/router",
  region: "eu-central-1",
});
const [check, process] = containers;

test("nobody can call it, and it may call Telegram and the A2A host of its stack (RT-27)", () => {
  expect(hopsOf(router)).toEqual([]);
  const environment = { ...poller.environment, A2A_BASE_URL: "https://a2a.example.com/v1" };
  expect(egressOf({ ...poller, environment })).toEqual({ open: false, hosts: ["a2a.example.com", "api.telegram.org"] });
});

test("a stack that does not say where A2A is has no router", () => {
  expect(() => egressOf(poller)).toThrow(/variable `A2A_BASE_URL` is ""/);
});

test("two replicas, of which one waits (RT-30)", () => {
  expect(poller.scaling).toMatchObject({ minReplicas: 2, maxReplicas: 2, mode: "active-passive" });
});

test("half a core and 512 MiB, up to one and 1 GiB on waiting and latency (RT-6)", () => {
  expect(poller.resources).toMatchObject({
    cpuMillicores: 500,
    memoryMiB: 512,
    ceiling: { cpuMillicores: 1000, memoryMiB: 1024 },
  });
  expect(poller.scaling.targets.map(({ metric }) => metric)).toEqual(["queue-wait", "latency-p95"]);
});

test("it holds back above 60 percent of CPU or 12 s, and has what to hold back with (RT-7)", () => {
  expect(poller.scaling.backPressure).toEqual({ cpuPercent: 60, latencyP95Milliseconds: 12_000 });
  expect(Object.keys(poller.environment)).toEqual(
    expect.arrayContaining(["RATE_LIMIT_PER_MINUTE", "QUEUE_DEPTH_LIMIT"]),
  );
});

test("the configuration is checked to a zero exit before the process starts, and health gates it (RT-2)", () => {
  expect(check).toMatchObject({ name: "poller-check", essential: false, command: ["--check-config"] });
  expect(process?.dependsOn).toEqual([{ containerName: "poller-check", condition: "SUCCESS" }]);
  expect(process?.healthCheck?.command.join(" ")).toContain("http://127.0.0.1:8080/healthz");
});

test("it has 30 s to drain (RT-4)", () => expect(process?.stopTimeout).toBe(30));

test("five restarts in fifteen minutes: one each three minutes, or the task ends (RT-5)", () => {
  expect(poller.lifecycle.restartBudget).toEqual({ restarts: 5, windowMinutes: 15 });
  expect(process?.restartPolicy).toEqual({ enabled: true, restartAttemptPeriod: 180 });
});

test("non-root, read-only, without capabilities; caches in /tmp alone (RT-12, RT-27)", () => {
  for (const container of containers)
    expect(container).toMatchObject({
      user: "1000:1000",
      readonlyRootFilesystem: true,
      linuxParameters: { capabilities: { drop: ["ALL"] }, tmpfs: [{ containerPath: "/tmp" }] },
    });
  expect(poller.environment.UV_CACHE_DIR).toMatch(/^\/tmp\//);
});

test("what `--check-config` verifies is there, and tokens are secrets that a person supplies (RT-15, RT-17)", () => {
  expect(Object.keys(poller.environment)).toEqual(
    expect.arrayContaining(["A2A_BASE_URL", "PERSONA_MAP_SHA256", "CHAT_ALLOWLIST_SHA256"]),
  );
  for (const name of ["TELEGRAM_BOT_TOKEN", "A2A_TOKEN"])
    expect(router.secrets[name]).toMatchObject({ source: "supplied", rotationDays: 90, readers: ["poller"] });
});

test("its objectives are those of the release gates (RT-22)", () => {
  expect(poller.objectives.latencyP95Milliseconds).toBe(12_000);
  const limits = poller.objectives.metrics.map(({ name, limit, windowMinutes }) => [name, limit, windowMinutes]);
  expect(limits).toEqual([
    ["a2a.failure_total", 3, 5],
    ["rate_limit.hit", 10, 720],
  ]);
});

test("every fatal span is kept, and spans say for whom (RT-25)", () => {
  expect(poller.tracing).toEqual({
    attributes: ["persona", "env", "telegram.update_offset", "a2a.classification"],
    alwaysKeep: { "a2a.classification": "fatal" },
  });
});
