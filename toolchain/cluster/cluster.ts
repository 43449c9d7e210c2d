// Cluster: a real one-node Kubernetes per directory. Up, down, status; it lives in namespaces of its own and leaves no trace.
import { existsSync } from "node:fs";
import { readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../failure";
import { onPath } from "../find";
import { exclusively } from "../lock";
import { during, type Report, step } from "../progress";
import { run } from "../run";
import { RANGES, REGISTRY_NAME } from "./addresses";
import { Api } from "./api";
import { certificateRequest, kubeconfig } from "./certificates";
import { removeCgroup } from "./cgroups";
import { SYSTEM_REPOSITORY, type SystemImageName } from "./images";
import { type Layout, layoutOf } from "./layout";
import { makeDirectories, writeConfig } from "./node";
import { nodeEnv } from "./node-services";
import { preflight } from "./preflight";
import { type NodeRecord, readRecord, startTime, writeRecord } from "./record";
import { registryAnswers } from "./registry";
import { STORAGE_CLASSES } from "./storage";
import { systemObjects } from "./system";
import { type ClusterTools, clusterTools } from "./tools";

/** A running cluster. */
export interface Cluster {
  /** File with a client certificate of the administrator. */
  kubeconfig: string;
  /** The registry: `push` from this machine, over http; `pull` in image references. */
  registry: { push: string; pull: string };
  /** The node's first process: when it ends, all of the cluster ends. */
  pid: number;
  ranges: { pods: string; services: string; node: string };
  /** For a volume of one replica (ReadWriteOnce), and for one that several share (ReadWriteMany). */
  storageClasses: { replica: "local"; replicas: "local-shared" };
  binaries: { kubectl: string; ctr?: string };
  /** Put before a command, it runs in the node's namespaces. */
  enter: readonly string[];
}

const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** Finds or makes what clusters are started from, and starts none: for continuous integration, to be kept between runs. */
export function ensureClusterTools(report: Report = step): Promise<ClusterTools> {
  return clusterTools(report);
}

/**
 * Starts the cluster of `directory`, unless it runs. What a killed start or a dead node left there is cleared first.
 * @throws Failure naming what is missing, or the end of the log of what did not come up
 */
export async function clusterUp(directory: string, report: Report = step): Promise<Cluster> {
  return locked(directory, async () => {
    const running = await clusterStatus(directory);
    if (running) return running;
    preflight();
    const tools = await clusterTools(report);
    const layout = layoutOf(directory);
    const start = async () => {
      await clear(layout);
      const record = await startNode(layout, tools);
      await settle(layout, tools, record);
      return describe(layout, record, tools);
    };
    return during("local cluster", start, report);
  });
}

/** The running cluster of this directory, or undefined. It runs if its node lives, takes pods, and its API says it is ready. */
export async function clusterStatus(directory: string): Promise<Cluster | undefined> {
  const layout = layoutOf(directory);
  const record = await readRecord(layout.record);
  if (!record || startTime(record.pid) !== record.started) return undefined;
  const api = new Api(record.apiPort, layout.pki);
  if (!(await api.ready()) || !(await api.nodeReady())) return undefined;
  return describe(layout, record, await clusterTools());
}

/** Ends the cluster of this directory with all its data. Returns false if none was there. */
export async function clusterDown(directory: string): Promise<boolean> {
  return locked(directory, async () => {
    const layout = layoutOf(directory);
    const found = existsSync(layout.root) || existsSync(layout.record);
    await clear(layout);
    await rmdir(resolve(directory)).catch(() => undefined);
    return found;
  });
}

function locked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const waiting = () => process.stderr.write("  … another palisade is at this cluster; waiting for it\n");
  return exclusively(`cluster:${resolve(directory)}`, waiting, work);
}

/** Leaves nothing of an earlier node: its processes end with its control group, its mounts and interfaces with them. */
async function clear(layout: Layout): Promise<void> {
  await removeCgroup(layout.cgroup);
  await rm(layout.root, { recursive: true, force: true });
  await rm(layout.record, { force: true });
}

async function startNode(layout: Layout, tools: ClusterTools): Promise<NodeRecord> {
  await makeDirectories(layout, tools.images);
  const request = join(layout.config, "certificates.json");
  await writeFile(request, JSON.stringify(certificateRequest(layout.pki)));
  await ask(tools, "certificates", request);
  await writeConfig(layout, tools, systemImage(tools, "pause"));
  const answer = await ask(tools, "start", join(layout.config, "node.json"));
  const { pid, ports } = JSON.parse(answer) as { pid: number; ports: [number, number] };
  const record = { pid, started: startTime(pid) ?? "", apiPort: ports[0], registryPort: ports[1] };
  const config = kubeconfig(layout.pki, "admin", `https://127.0.0.1:${record.apiPort}`);
  await writeFile(layout.kubeconfig, config, { mode: 0o600 });
  await writeRecord(layout.record, record);
  return record;
}

async function ask(tools: ClusterTools, command: string, file: string): Promise<string> {
  const { code, stdout, stderr } = await run(tools.node, [command, file], { env: nodeEnv(tools) });
  if (code === 0) return stdout;
  throw new Failure(
    `the cluster's node did not start: ${stderr.trim()}`,
    "`npx palisade doctor` lists what a local cluster needs.",
  );
}

/** From a started node to a cluster that takes work: its own objects are there, and all of them run. */
async function settle(layout: Layout, tools: ClusterTools, record: NodeRecord): Promise<void> {
  const api = new Api(record.apiPort, layout.pki);
  const until = async (what: string, log: string, done: () => Promise<boolean>) => {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await done())) {
      const alive = startTime(record.pid) === record.started;
      if (!alive || Date.now() > deadline) throw await notUp(layout, what, alive ? log : "node");
      await sleep(POLL_MS);
    }
  };
  await until("the registry", "registry", () => registryAnswers(`127.0.0.1:${record.registryPort}`));
  await until("the API server", "kube-apiserver", () => api.ready());
  const file = join(layout.config, "system.json");
  const objects = systemObjects(name => systemImage(tools, name), layout);
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }), { mode: 0o600 });
  const args = ["--kubeconfig", layout.kubeconfig, "apply", "--server-side", "--validate=false", "-f", file];
  const { code, stderr } = await run(join(tools.kubernetes, "kubectl"), args);
  if (code !== 0) throw new Failure(`the cluster's own objects were refused: ${stderr.trim()}`, "");
  await until("the node", "kubelet", () => api.nodeReady());
  await until("DNS, storage or metrics", "kubelet", async () => (await api.pendingDeployments()).length === 0);
}

const systemImage = (tools: ClusterTools, name: SystemImageName) =>
  `${REGISTRY_NAME}/${SYSTEM_REPOSITORY}/${name}@${tools.images.digests[name]}`;

async function notUp(layout: Layout, what: string, log: string): Promise<Failure> {
  const file = join(layout.logs, `${log}.log`);
  const tail = (await readFile(file, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");
  return new Failure(
    `${what} of the local cluster did not come up${log === "node" ? ": its node has ended" : ""}; the end of ${file}:\n${tail}`,
    `Look with \`kubectl --kubeconfig ${layout.kubeconfig} get pods -A\`, or run the same command again, which starts afresh.`,
  );
}

function describe(layout: Layout, record: NodeRecord, tools: ClusterTools): Cluster {
  const namespaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup"];
  const env = Object.entries(nodeEnv(tools)).map(([name, value]) => `${name}=${value}`);
  return {
    kubeconfig: layout.kubeconfig,
    registry: { push: `127.0.0.1:${record.registryPort}`, pull: REGISTRY_NAME },
    pid: record.pid,
    ranges: RANGES,
    storageClasses: STORAGE_CLASSES,
    binaries: { kubectl: join(tools.kubernetes, "kubectl"), ctr: join(tools.packages.bin, "ctr") },
    enter: [onPath("nsenter") ?? "nsenter", "--target", String(record.pid), ...namespaces, "--", "env", ...env],
  };
}
