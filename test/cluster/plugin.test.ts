// Tests: the kubernetes plugin on a real node waits for what runs, and says why what does not run does not. (PF-9)
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, clusterDown, clusterUp, ensureClusterTools } from "../../toolchain/cluster/cluster";
import { packImage, pushImage } from "../../toolchain/images";
import { type Program, program } from "../toolchain/kubernetes-program";
import { Kube } from "./kube";

const base = mkdtempSync(join(tmpdir(), "palisade-plugin-"));
let cluster: Cluster;
let kube: Kube;
let stack: Program;
let image: string;

beforeAll(async () => {
  const tools = await ensureClusterTools();
  cluster = await clusterUp(join(base, "cluster"));
  kube = new Kube(cluster);
  const links = ["sh", "sleep", "cat"].map(name => ({ path: `/bin/${name}`, link: "/bin/busybox" }));
  const files = [{ path: "/bin/busybox", source: tools.busybox, mode: 0o755 }, ...links];
  await packImage({ layers: [{ files }], user: "1000:1000" }, join(base, "shell"));
  const pushed = await pushImage(join(base, "shell"), cluster.registry.push, "trial/shell");
  image = pushed.replace(cluster.registry.push, cluster.registry.pull);
  stack = await program(cluster.kubeconfig);
});

afterAll(async () => {
  await stack?.remove();
  await clusterDown(join(base, "cluster"));
  await rm(base, { recursive: true, force: true });
});

interface Trial {
  name: string;
  namespace?: string;
  image?: string;
  line?: string;
  /** More of the container, as source text. */
  more?: string;
}

const namespaces = `
  const made = ["trial", "quota", "restricted"].map(name => new k8s.core.v1.Namespace(name, { metadata: { name,
    labels: name === "restricted" ? { "pod-security.kubernetes.io/enforce": "restricted" } : {} } }, { provider }));`;

function deployment(
  { name, namespace = "trial", image: other, line = "sleep 3600", more = "" }: Trial,
  timeout: string,
) {
  return `
  new k8s.apps.v1.Deployment("${name}", { metadata: { name: "${name}", namespace: "${namespace}" }, spec: {
    selector: { matchLabels: { app: "${name}" } }, template: { metadata: { labels: { app: "${name}" } }, spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "a", image: "${other ?? image}", command: ["sh", "-c", "${line}"], ${more} }] } } } },
    { provider, dependsOn: made, customTimeouts: { create: "${timeout}", update: "${timeout}" } });`;
}

test("what does not run is told with its reason and the next command, and mended by the next update", async () => {
  await stack.write(namespaces);
  await stack.up();
  await kube.do("create", "quota", "none", "-n", "quota", "--hard=pods=0");
  const missing = image.replace(/@sha256:.*/, `@sha256:${"0".repeat(64)}`);
  const troubles: Trial[] = [
    { name: "image", image: missing },
    // Without a probe it is ready for as long as it runs, which at times is long enough to be seen.
    { name: "crash", line: "exit 78", more: `readinessProbe: { exec: { command: ["cat", "/nothing"] } }` },
    { name: "probe", more: `readinessProbe: { exec: { command: ["cat", "/nothing"] }, periodSeconds: 1 }` },
    { name: "nowhere", more: `resources: { requests: { cpu: "1000" } }` },
    { name: "over", namespace: "quota" },
    { name: "loose", namespace: "restricted" },
  ];
  const good: Trial = { name: "good" };
  await stack.write([namespaces, deployment(good, "300s"), ...troubles.map(t => deployment(t, "60s"))].join(""));
  const { code, stdout, stderr } = await stack.run(["up", "--yes", "--skip-preview", "--continue-on-error"]);
  const said = stdout + stderr;
  expect(code).not.toBe(0);
  expect(said).toMatch(
    /container `a`: image `\S+` cannot be had \((ImagePullBackOff|ErrImagePull)\): .*(not found|manifest unknown)/,
  );
  expect(said).toMatch(/keeps ending \(CrashLoopBackOff\): exit code 78, restarted/);
  expect(said).toMatch(/kubectl logs crash-\S+ -n trial -c a --previous/);
  expect(said).toMatch(/runs and is not ready: Readiness probe failed/);
  expect(said).toMatch(/finds no node: .*Insufficient cpu/);
  expect(said).toMatch(/its pods cannot be made: .*exceeded quota: none/);
  expect(said).toMatch(/its pods cannot be made: .*violates PodSecurity "restricted/);
  expect(said).not.toMatch(/Deployment trial\/good did not become ready/);

  await kube.do("delete", "quota", "none", "-n", "quota");
  await kube.do("label", "namespace", "restricted", "pod-security.kubernetes.io/enforce-");
  const mended = troubles.map(({ name, namespace }) => deployment({ name, namespace }, "300s"));
  await stack.write(
    [namespaces.replace('restricted" ? {', 'never" ? {'), deployment(good, "300s"), ...mended].join(""),
  );
  await stack.up();
  expect(await kube.do("get", "deployment", "crash", "-n", "trial", "-o", "jsonpath={.status.availableReplicas}")).toBe(
    "1",
  );
  const again = await stack.preview(["--refresh"]);
  expect(again.steps.filter(step => !["same", "refresh"].includes(step.op))).toEqual([]);

  expect((await stack.run(["destroy", "--yes", "--skip-preview"])).code).toBe(0);
  expect(await kube.do("get", "namespaces", "-o", "name")).not.toContain("trial");
});
