// The workload guard against a real API server: it stops what has used up its restarts, says so, and starts it again; it throttles
// before it grows (RT-5, RT-6, RT-7). Pods are as the test says: there is no node.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { checkLogLines } from "../../src/workload/log-check";
import { goEnv } from "../../toolchain/build";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { type ApiServer, startApiServer } from "./api-server";

const source = join(PROJECT_DIRECTORY, "images", "workload-guard");
let binary: string;
let api: ApiServer;
let token: string;
beforeAll(async () => {
  binary = await goProgram({ name: "workload-guard", module: source });
  api = await startApiServer();
  await api.kubectl(["create", "namespace", "router"]);
  await api.kubectl(["apply", "-f", "-"], rights);
  token = await api.kubectl(["create", "token", "workload-guard", "-n", "router"]);
}, 900_000);
afterAll(async () => {
  await api?.stop();
});

/** The least it needs, as docs/platform-images.md lists it. */
const rights = {
  apiVersion: "v1",
  kind: "List",
  items: [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "workload-guard", namespace: "router" } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "workload-guard", namespace: "router" },
      rules: [
        { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "replicasets"], verbs: ["list", "update"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["pods/resize"], verbs: ["update"] },
        { apiGroups: [""], resources: ["events"], verbs: ["create"] },
        { apiGroups: [""], resources: ["configmaps"], resourceNames: ["grows-throttle"], verbs: ["get", "update"] },
        { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["list"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "workload-guard", namespace: "router" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "workload-guard" },
      subjects: [{ kind: "ServiceAccount", name: "workload-guard", namespace: "router" }],
    },
  ],
};

const started: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  await api.kubectl(["delete", "deployments,statefulsets,pods,events", "--all", "-n", "router", "--force"]);
});

async function guard(environment: Record<string, string> = {}) {
  const port = await freePort();
  const origin = {
    PALISADE_ENV: "dev",
    PALISADE_WORKLOAD: "router",
    PALISADE_SERVICE: "workload-guard",
    BUILD_SHA: "a".repeat(40),
  };
  const child = spawn(binary, [], {
    env: {
      ...origin,
      GUARD_KUBECONFIG: api.kubeconfigOf(token),
      GUARD_NAMESPACE: "router",
      GUARD_LISTEN: `127.0.0.1:${port}`,
      ...environment,
    },
  });
  started.push(child);
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  const kill = () => new Promise(resolve => child.once("close", resolve) && child.kill("SIGKILL"));
  return { kill, output: () => output, errors: () => errors, port };
}

interface WorkloadOptions {
  annotations: Record<string, string>;
  replicas?: number;
  kind?: "Deployment" | "StatefulSet";
  resources?: object;
}

async function apply(
  name: string,
  image: string,
  { annotations, replicas = 2, kind = "Deployment", resources }: WorkloadOptions,
) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image, resources }] } };
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    template,
    ...(kind === "StatefulSet" ? { serviceName: name } : {}),
  };
  const object = { apiVersion: "apps/v1", kind, metadata: { name, namespace: "router", annotations }, spec };
  await api.kubectl(["apply", "-f", "-"], object);
}

const get = async (kind: string, name: string) =>
  JSON.parse(await api.kubectl(["get", kind, name, "-n", "router", "-o", "json"])) as {
    metadata: { annotations: Record<string, string> };
    spec: { replicas: number; paused?: boolean };
    status: { replicas?: number };
    data: Record<string, string>;
  };

interface Pod {
  metadata: { name: string; labels: Record<string, string> };
  spec: { containers: { resources: { limits: Record<string, string>; requests: Record<string, string> } }[] };
}

async function pods(name: string, many: number): Promise<Pod[]> {
  const list = async () =>
    (
      JSON.parse(await api.kubectl(["get", "pods", "-n", "router", "-l", `app=${name}`, "-o", "json"])) as {
        items: Pod[];
      }
    ).items;
  await expect.poll(async () => (await list()).length, { timeout: 30_000 }).toBe(many);
  return list();
}

/** What a kubelet would write about a pod. */
async function say(pod: Pod, restartCount: number, ready: boolean) {
  const finishedAt = new Date().toISOString().replace(/\.\d+/, "");
  const terminated = { exitCode: 3, reason: "Error", finishedAt, startedAt: finishedAt };
  const status = {
    phase: "Running",
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    containerStatuses: [
      {
        ...{ name: "main", image: "i", imageID: "i", ready, started: true, restartCount },
        state: { running: { startedAt: finishedAt } },
        // Without it the API server holds the node for one that cannot resize.
        resources: pod.spec.containers[0]?.resources,
        lastState: restartCount > 0 ? { terminated } : {},
      },
    ],
  };
  const patch = JSON.stringify({ status });
  await api.kubectl([
    "patch",
    "pod",
    pod.metadata.name,
    "-n",
    "router",
    "--subresource=status",
    "--type=merge",
    "-p",
    patch,
  ]);
}

const budget = { "palisade.dev/restart-budget": "5/15m" };
const soon = { timeout: 30_000, interval: 300 };

test("it stops a workload once its restarts are used up, and says so; a killed guard goes on counting", async () => {
  await apply("loops", "v1", { annotations: budget });
  const [first, second] = await pods("loops", 2);
  if (!first || !second) throw new Error("no pods");
  const one = await guard();
  await say(first, 3, false);
  await expect
    .poll(async () => (await get("deployment", "loops")).metadata.annotations["palisade.dev/restarts"], soon)
    .toContain(":3");
  await one.kill();
  // A pod that goes takes no restart with it.
  await api.kubectl(["delete", "pod", first.metadata.name, "-n", "router", "--force"]);
  await say(second, 2, false);
  const two = await guard();
  await expect
    .poll(async () => (await get("deployment", "loops")).metadata.annotations["palisade.dev/restarts"], soon)
    .toContain(":2");
  expect((await get("deployment", "loops")).spec.replicas).toBe(2);
  await say(second, 3, false);
  await expect.poll(async () => (await get("deployment", "loops")).spec.replicas, soon).toBe(0);
  const halted = (await get("deployment", "loops")).metadata.annotations["palisade.dev/halted"];
  expect(halted).toMatch(/^more than 5 restarts in 15 minutes; last: container main, exit code 3 \(Error\) at 20/);
  await expect
    .poll(
      () => api.kubectl(["get", "events", "-n", "router", "-o", "jsonpath={.items[*].reason} {.items[*].type}"]),
      soon,
    )
    .toMatch(/RestartBudgetExhausted.*Warning/);
  await expect.poll(two.output, soon).toContain('"event":"service.stopped"');

  // An autoscaler or an update with the same template brings it to nothing again.
  await api.kubectl(["scale", "deployment", "loops", "-n", "router", "--replicas=1"]);
  await expect.poll(async () => (await get("deployment", "loops")).spec.replicas, soon).toBe(0);
  // Somebody has looked: it is as it was.
  await api.kubectl(["annotate", "deployment", "loops", "-n", "router", "palisade.dev/halted-"]);
  await expect.poll(async () => (await get("deployment", "loops")).spec.replicas, soon).toBe(2);
  const { faults } = checkLogLines(one.output() + two.output());
  expect(faults).toEqual([]);
}, 180_000);

test("a release that fails is stopped alone; the next one starts again", async () => {
  await apply("release", "v1", { annotations: budget });
  for (const pod of await pods("release", 2)) await say(pod, 0, true);
  await expect
    .poll(
      async () => api.kubectl(["get", "rs", "-n", "router", "-o", "jsonpath={.items[*].status.readyReplicas}"]),
      soon,
    )
    .toBe("2");
  await guard();
  await apply("release", "v2", { annotations: budget });
  const all = await pods("release", 3);
  const hash = await api.kubectl([
    "get",
    "rs",
    "-n",
    "router",
    "-o",
    'jsonpath={.items[?(@.metadata.annotations.deployment\\.kubernetes\\.io/revision=="2")].metadata.labels.pod-template-hash}',
  ]);
  const crashing = all.find(pod => pod.metadata.labels["pod-template-hash"] === hash);
  if (!crashing) throw new Error("no pod of the release");
  await say(crashing, 6, false);
  await expect.poll(async () => (await get("deployment", "release")).spec.paused, soon).toBe(true);
  expect((await get("deployment", "release")).spec.replicas).toBe(2);
  const left = await pods("release", 2);
  expect(left.every(pod => pod.metadata.labels["pod-template-hash"] !== hash)).toBe(true);

  await apply("release", "v3", { annotations: budget });
  await expect.poll(async () => (await get("deployment", "release")).spec.paused ?? false, soon).toBe(false);
  expect((await get("deployment", "release")).metadata.annotations).not.toHaveProperty(["palisade.dev/halted"]);
}, 180_000);

test("a StatefulSet is stopped and comes back with a new template", async () => {
  await apply("keeps", "v1", { annotations: budget, kind: "StatefulSet", replicas: 1 });
  const [pod] = await pods("keeps", 1);
  if (!pod) throw new Error("no pod");
  await guard();
  await say(pod, 6, false);
  await expect.poll(async () => (await get("statefulset", "keeps")).spec.replicas, soon).toBe(0);
  // As `apply` of a manifest without a number of replicas would do it.
  const patch = JSON.stringify({ spec: { template: { spec: { containers: [{ name: "main", image: "v2" }] } } } });
  await api.kubectl(["patch", "statefulset", "keeps", "-n", "router", "-p", patch]);
  await expect.poll(async () => (await get("statefulset", "keeps")).spec.replicas, soon).toBe(1);
}, 120_000);

test("under load it throttles through the file at once, and grows a pod in place only after that was in vain", async () => {
  // Latency as a collector would show it: each look finds more slow answers.
  let slow = 0;
  const collector = createServer((_, response) => {
    slow += 100;
    const labels = 'service_name="grows"';
    const lines = [
      "# TYPE latency_round_trip_ms histogram",
      `latency_round_trip_ms_bucket{${labels},le="10000"} 0`,
      `latency_round_trip_ms_bucket{${labels},le="20000"} ${slow}`,
      `latency_round_trip_ms_bucket{${labels},le="+Inf"} ${slow}`,
      `latency_round_trip_ms_sum{${labels}} ${slow * 15000}`,
      `latency_round_trip_ms_count{${labels}} ${slow}`,
    ];
    response.end(`${lines.join("\n")}\n`);
  });
  servers.push(collector);
  await new Promise<void>(resolve => collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as { port: number };
  const throttle = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "grows-throttle", namespace: "router" },
    data: { "throttle.json": '{"percent":100}' },
  };
  await api.kubectl(["apply", "-f", "-"], throttle);
  const ladder = {
    throttle: { configMap: "grows-throttle", key: "throttle.json" },
    pressure: { latencyP95Milliseconds: 12000 },
    wait: { latencyP95Milliseconds: 12000 },
    ceiling: { cpu: "1", memory: "1Gi" },
    metrics: { labels: { service_name: "grows" } },
    ...{ stepSeconds: 1, patienceSeconds: 2, calmSeconds: 600 },
  };
  const size = { cpu: "500m", memory: "512Mi" };
  await apply("grows", "v1", {
    annotations: { "palisade.dev/capacity-ladder": JSON.stringify(ladder) },
    replicas: 1,
    resources: { requests: size, limits: size },
  });
  const [pod] = await pods("grows", 1);
  if (!pod) throw new Error("no pod");
  await say(pod, 0, true);
  const one = await guard({ GUARD_METRICS_URL: `http://127.0.0.1:${port}/metrics`, GUARD_MEASURE_SECONDS: "2" });
  const file = async () =>
    JSON.parse((await get("configmap", "grows-throttle")).data["throttle.json"] ?? "{}") as { percent: number };
  await expect.poll(async () => (await file()).percent, { timeout: 60_000 }).toBe(75);
  const grown = { cpu: "1", memory: "1Gi" };
  await expect
    .poll(async () => ({ ...(await pods("grows", 1))[0]?.spec.containers[0]?.resources, errors: one.errors() }), {
      timeout: 60_000,
    })
    .toEqual({ limits: grown, requests: grown, errors: "" });
  expect(await file()).toMatchObject({ compute: "ceiling" });
  const { faults } = checkLogLines(one.output());
  expect(faults).toEqual([]);
  const [throttled, moved] = ['"ladder.compute":"base","ladder.percent":75', '"event":"ladder.moved"'].map(part =>
    one.output().indexOf(part),
  );
  expect(throttled).toBeGreaterThan(0);
  expect(moved).toBeGreaterThan(throttled ?? 0);
}, 180_000);

test("what it may not do, it says, and its own tests pass", async () => {
  await apply("strange", "v1", { annotations: { "palisade.dev/restart-budget": "many" } });
  const one = await guard();
  await expect.poll(one.errors, soon).toContain('is "many"; restarts/minutes such as 5/15m is allowed');
  await expect.poll(one.output, soon).toContain('"event":"guard.failed"');
  const tests = await run("go", ["test", "./..."], {
    cwd: source,
    env: goEnv,
  });
  expect(tests.stdout + tests.stderr).toMatch(/^ok\s/m);
  expect(tests.code).toBe(0);
}, 600_000);
