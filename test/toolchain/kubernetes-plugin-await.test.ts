// What the kubernetes plugin waits for and says, with real controllers; what a node would say of pods, the test writes. (PF-9)
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "./api-server";
import { type Program, program } from "./kubernetes-program";
import { type Pod, readyStatus, type StandInNode, standInNode } from "./stand-in-node";

let api: ApiServer;
let current: Program | undefined;
let nodes: StandInNode[] = [];

beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api?.stop());
afterEach(async () => {
  for (const one of nodes) await one.stop();
  nodes = [];
  await current?.remove();
  current = undefined;
});

async function start(text: string, provider = ""): Promise<Program> {
  current = await program(api.kubeconfig, provider);
  await current.write(text);
  return current;
}

/** A node that says of each pod what is told by its label `app`. */
function node(
  namespace: string,
  statusOf: (app: string, pod: Pod) => object | undefined,
  event?: (app: string) => [string, string] | undefined,
): StandInNode {
  const made = standInNode(
    api,
    async pod => {
      const { name, uid, labels } = pod.metadata;
      const app = labels.app ?? "";
      const status = statusOf(app, pod);
      if (status) await api.writeStatus("pod", name, status, namespace);
      const [reason, message] = event?.(app) ?? [];
      if (!reason) return;
      await api.kubectl(["create", "-f", "-"], {
        ...{ apiVersion: "v1", kind: "Event", type: "Warning", reason, message },
        metadata: { generateName: "said-", namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", name, namespace, uid },
        ...{ lastTimestamp: `${new Date().toISOString().slice(0, 19)}Z`, source: { component: "kubelet" } },
      });
    },
    { namespace },
  );
  nodes.push(made);
  return made;
}

/** Waits until an update has printed something to its log; it may not end before. */
async function said(log: string, text: RegExp, update: Promise<unknown>): Promise<void> {
  const ended = update.then(() => true);
  while (!(existsSync(log) && text.test(readFileSync(log, "utf8")))) {
    const end = await Promise.race([ended, sleep(200, false)]);
    if (end && !text.test(readFileSync(log, "utf8"))) throw new Error(`the update ended and never said ${text}`);
  }
}

const container = (state: object, more: object = {}) => ({
  phase: "Running",
  conditions: [{ type: "PodScheduled", status: "True" }],
  containerStatuses: [{ name: "a", image: "r/x:1", imageID: "", ready: false, restartCount: 3, state, ...more }],
});
const ready = (_app: string, pod: Pod) => readyStatus(pod);

const deployment = (name: string, namespace: string, more = "", timeout = "8s") => `
  new k8s.apps.v1.Deployment("${name}", { metadata: { name: "${name}", namespace: "${namespace}"${more} }, spec: {
    selector: { matchLabels: { app: "${name}" } },
    template: { metadata: { labels: { app: "${name}" } }, spec: { containers: [{ name: "a", image: "r/x:1" }] } } } },
    { provider, customTimeouts: { create: "${timeout}", update: "${timeout}" } });`;

test("what does not become ready is in the state, with the reason and the next command; the next up goes on", {
  timeout: 600_000,
}, async () => {
  for (const name of ["quota", "restricted", "await"]) await api.kubectl(["create", "namespace", name]);
  await api.kubectl(["label", "namespace", "restricted", "pod-security.kubernetes.io/enforce=restricted"]);
  await api.kubectl(["create", "quota", "none", "-n", "quota", "--hard=pods=0"]);
  const hard = () => api.kubectl(["get", "quota", "none", "-n", "quota", "-o", "jsonpath={.status.hard.pods}"]);
  while ((await hard()) !== "0") await sleep(200);

  const troubles = node(
    "await",
    app =>
      ({
        image: container({ waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } }),
        crash: container(
          { waiting: { reason: "CrashLoopBackOff" } },
          { lastState: { terminated: { exitCode: 78, reason: "Error" } } },
        ),
        probe: container({ running: {} }),
        nowhere: {
          conditions: [
            {
              type: "PodScheduled",
              status: "False",
              reason: "Unschedulable",
              message: "0/1 nodes are available: 1 Insufficient memory.",
            },
          ],
        },
      })[app],
    app =>
      ({
        image: ["Failed", "Failed to pull image r/x:1: not found"],
        probe: ["Unhealthy", "Readiness probe failed: connection refused"],
      })[app] as [string, string] | undefined,
  );
  const names = ["image", "crash", "probe", "nowhere"];
  const text = [
    deployment("over", "quota"),
    deployment("loose", "restricted"),
    deployment("halted", "await", `, annotations: { "palisade.dev/halted": "3 restarts in 10 minutes" }`, "300s"),
    ...names.map(name => deployment(name, "await")),
  ].join("");
  const stack = await start(text);
  const failed = await stack.run(["up", "--yes", "--skip-preview", "--continue-on-error"]);
  await troubles.stop();
  const said = failed.stdout + failed.stderr;
  expect(failed.code).not.toBe(0);
  expect(said).toMatch(/Deployment quota\/over did not become ready \(after 8 s\)/);
  expect(said).toMatch(/its pods cannot be made: .*exceeded quota: none/);
  expect(said).toMatch(/kubectl describe resourcequota -n quota/);
  expect(said).toMatch(/its pods cannot be made: .*violates PodSecurity "restricted/);
  expect(said).toMatch(/Deployment await\/halted did not become ready: halted: 3 restarts in 10 minutes/);
  expect(said).toMatch(
    /container `a`: image `r\/x:1` cannot be had \(ImagePullBackOff\): Failed to pull image r\/x:1: not found/,
  );
  expect(said).toMatch(/keeps ending \(CrashLoopBackOff\): exit code 78, restarted 3 times/);
  expect(said).toMatch(/kubectl logs crash-\S+ -n await -c a --previous/);
  expect(said).toMatch(/runs and is not ready: Readiness probe failed: connection refused/);
  expect(said).toMatch(/finds no node: 0\/1 nodes are available: 1 Insufficient memory/);

  // Mended from outside; the same program goes on from the state.
  await api.kubectl(["patch", "quota", "none", "-n", "quota", "-p", '{"spec":{"hard":{"pods":"5"}}}']);
  await api.kubectl(["label", "namespace", "restricted", "pod-security.kubernetes.io/enforce-"]);
  for (const name of ["quota", "restricted", "await"]) node(name, ready);
  await stack.write(
    text
      .replaceAll('"8s"', '"120s"')
      .replace(`, annotations: { "palisade.dev/halted": "3 restarts in 10 minutes" }`, ""),
  );
  await stack.up();
  const { changeSummary } = await stack.preview();
  expect(changeSummary?.same).toBe(9);
});

test("a service waits for an endpoint, a rollout for its pods", { timeout: 300_000 }, async () => {
  await api.kubectl(["create", "namespace", "rollout"]);
  const service = `new k8s.core.v1.Service("web", { metadata: { name: "web", namespace: "rollout" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } }, { provider });`;
  const stack = await start(deployment("web", "rollout", "", "120s") + service);
  const log = join(stack.directory, "up.log");
  const making = stack.up([], log);
  await said(log, /no pod that it selects is ready/, making);
  await said(log, /replicas are/, making);
  node("rollout", ready);
  // The controller of endpoints wants a node to stand behind each; this is what it would write.
  await api.kubectl(["create", "-f", "-"], {
    ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", addressType: "IPv4" },
    metadata: { name: "web-1", namespace: "rollout", labels: { "kubernetes.io/service-name": "web" } },
    ports: [{ port: 80 }],
    endpoints: [{ addresses: ["10.1.0.9"], conditions: { ready: true } }],
  });
  expect((await making).code).toBe(0);
});

test("a cluster that does not answer is named; its resources are forgotten only when asked", {
  timeout: 300_000,
}, async () => {
  const map = `new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", namespace: "default" }, data: { a: "b" } }, { provider });`;
  const stack = await start(map, `kubeconfig: __dirname + "/kubeconfig"`);
  const config = readFileSync(api.kubeconfig, "utf8");
  const use = (url: string) => writeFileSync(join(stack.directory, "kubeconfig"), config.replaceAll(api.url, url));
  const unreachable = /the Kubernetes cluster at https:\/\/127\.0\.0\.1:9 cannot be reached: connection refused/;
  use("https://127.0.0.1:9");
  const refused = await stack.run(["preview"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toMatch(unreachable);
  expect(refused.stdout).toMatch(/kubectl cluster-info/);
  use(api.url);
  await stack.up();
  use("https://127.0.0.1:9");
  const kept = await stack.run(["destroy", "--yes", "--skip-preview"]);
  expect(kept.code).not.toBe(0);
  expect(kept.stdout).toMatch(unreachable);
  const forgotten = await stack.run(["destroy", "--yes", "--skip-preview"], { PULUMI_K8S_DELETE_UNREACHABLE: "true" });
  expect(forgotten.code).toBe(0);
  expect(await api.kubectl(["get", "configmap", "settings", "-n", "default", "-o", "jsonpath={.data.a}"])).toBe("b");
});

test("manifests are rendered in the official layout, kept in step, and never with a secret", {
  timeout: 300_000,
}, async () => {
  const stack = await start("", `renderYamlToDirectory: "rendered"`);
  const files = () =>
    ["0-crd", "1-manifest"].flatMap(room => {
      const directory = join(stack.directory, "rendered", room);
      return existsSync(directory)
        ? readdirSync(directory)
            .map(file => `${room}/${file}`)
            .sort()
        : [];
    });
  // The SDK gives the provider whatever this says, and a kubeconfig does not go together with rendering.
  const nothing = { KUBECONFIG: "" };
  const map = (name: string) =>
    `new k8s.core.v1.ConfigMap("map", { metadata: { name: "${name}", namespace: "prod" }, data: { a: "b" } }, { provider });`;
  const definition = `new k8s.apiextensions.v1.CustomResourceDefinition("crd", { metadata: { name: "clocks.example.org" }, spec: { group: "example.org", scope: "Namespaced",
    names: { kind: "Clock", plural: "clocks" }, versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }] } }, { provider });`;
  await stack.write(map("one") + definition);
  expect((await stack.run(["up", "--yes"], nothing)).code).toBe(0);
  expect(files()).toEqual([
    "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-clocks.example.org.yaml",
    "1-manifest/v1-configmap-prod-one.yaml",
  ]);
  await stack.write(map("two"));
  expect((await stack.run(["up", "--yes"], nothing)).code).toBe(0);
  expect(files()).toEqual(["1-manifest/v1-configmap-prod-two.yaml"]);
  for (const secret of [
    `new k8s.core.v1.Secret("secret", { metadata: { name: "s", namespace: "prod" }, stringData: { password: "correct-horse" } }, { provider });`,
    `new k8s.core.v1.ConfigMap("marked", { metadata: { name: "m", namespace: "prod" }, data: { password: pulumi.secret("correct-horse") } }, { provider });`,
  ]) {
    await stack.write(map("two") + secret);
    const refused = await stack.run(["up", "--yes", "--skip-preview"], nothing);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toMatch(/`(stringData|data\.password)` .* in the rendered manifest in clear/);
    expect(refused.stdout + refused.stderr).not.toContain("correct-horse");
    expect(files()).toEqual(["1-manifest/v1-configmap-prod-two.yaml"]);
  }
});
