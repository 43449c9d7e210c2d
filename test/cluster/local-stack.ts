// Cluster tests and benchmark: a stack of all systems on a local cluster of its own, in a directory that is gone afterwards.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { clusterImageNames } from "../../src/components/kubernetes/cluster-home";
import { NODE_NAME } from "../../toolchain/cluster/addresses";
import { type Cluster, clusterDown, clusterUp } from "../../toolchain/cluster/cluster";
import { pushImage } from "../../toolchain/images";
import { type RunResult, run } from "../../toolchain/run";
import { type LocalStack, openLocalStack, PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain, type Toolchain } from "../../toolchain/toolchain";
import { type ThirdPartyImage, thirdPartyImages } from "../images/third-party";
import { trustingImages } from "../services/images";
import { routerChecksums } from "../services/router-config";
import { type Peers, peerRange, startPeers } from "./peers";

export interface ClusterRoom {
  tools: Toolchain;
  directory: string;
  cluster: Cluster;
  peers: Peers;
  /** Digest of each image in the registry of the cluster, by repository. */
  digests: Readonly<Record<string, string>>;
  kubectl(...args: string[]): Promise<RunResult>;
  /** Opens a stack with this configuration, and with every secret that the systems ask for. */
  stack(name: string, config: StackValues): Promise<LocalStack>;
  /** Ends the cluster and everything in it, and removes the directory. */
  close(): Promise<void>;
}

/** As docs/kubernetes.md advises: a step that waits for pods holds its place among so many. */
const PULUMI_PARALLEL = "64";

/** Values under `palisade:`, by name. */
export type StackValues = Record<string, unknown>;

/** Supplied secrets of the systems: who finds one of them in a log or a state has found a leak. */
export const suppliedSecrets = {
  router: {
    TELEGRAM_BOT_TOKEN: "1000001:router-token-of-the-tests-00000000",
    A2A_TOKEN: "a2a-token-of-the-tests-0001",
  },
  "content-pipeline": {
    TELEGRAM_BOT_TOKEN: "1000002:editor-token-of-the-tests-00000000",
    GEMINI_API_KEY: "model-key-of-the-tests-0001",
  },
} as const;

/**
 * Starts a cluster, gives it all images, and people to talk to outside.
 * @param imagesTo another registry that gets the images of the systems, where somebody has still to carry them in
 */
export async function openClusterRoom(imagesTo?: string): Promise<ClusterRoom> {
  const tools = await ensureToolchain();
  const directory = await mkdtemp(join(tmpdir(), "palisade-cluster-"));
  const cluster = await clusterUp(join(directory, "cluster"));
  let peers: Peers | undefined;
  try {
    peers = await startPeers(cluster, join(directory, "peers"));
    const kubectl = (...args: string[]) => run(cluster.binaries.kubectl, ["--kubeconfig", cluster.kubeconfig, ...args]);
    await teachDns(kubectl, peers.hosts);
    await pretendGpu(kubectl);
    return {
      tools,
      directory,
      cluster,
      peers,
      digests: await pushImages(cluster, join(directory, "images"), peers.authority, imagesTo),
      kubectl,
      stack: (name, config) => openStack(tools, directory, name, config),
      async close() {
        await peers?.close();
        await clusterDown(join(directory, "cluster"));
        await rm(directory, { recursive: true });
      },
    };
  } catch (error) {
    await peers?.close();
    await clusterDown(join(directory, "cluster"));
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** All five systems, as small as they go, on this cluster. */
export function stackValues({
  cluster,
  digests,
  peers,
}: Pick<ClusterRoom, "cluster" | "digests" | "peers">): StackValues {
  const digest = (repository: string) => digests[repository] ?? `sha256:${"0".repeat(64)}`;
  const small = { cpuMillicores: 50, memoryMiB: 128 };
  const one = { minReplicas: 1, maxReplicas: 2 };
  return {
    mode: "onprem",
    environment: "dev",
    delivery: "cluster",
    cluster: {
      kubeconfig: cluster.kubeconfig,
      registry: cluster.registry.pull,
      storageClasses: cluster.storageClasses,
      ranges: {
        pods: [cluster.ranges.pods],
        services: [cluster.ranges.services],
        nodes: [cluster.ranges.node],
        privateEgress: [peerRange],
      },
      apiServer: { ranges: [cluster.ranges.node], port: 6443 },
    },
    edge: { domain: "apps.example.com" },
    retention: { logDays: 1, complianceDays: 1 },
    siem: { url: "syslog+tls://siem.peers.test:6514", ranges: [peerRange], certificateAuthority: peers.authority },
    tracing: { samplePercent: 100 },
    logs: { storageGiB: 1 },
    platformImages: Object.fromEntries(clusterImageNames.map(name => [name, digest(`palisade/${name}`)])),
    release: { buildSha: "5".repeat(40) },
    workloads: {
      sanctum: {
        images: { backend: digest("sanctum/backend"), "ai-core": digest("sanctum/ai-core") },
        services: { backend: { ...small, ...one }, "ai-core": { ...small, ...one } },
        postgres: { storageGiB: 20, cpuMillicores: 50, memoryMiB: 256 },
        vectors: { storageGiB: 20, cpuMillicores: 50, memoryMiB: 256 },
        frontendOrigin: "http://localhost:3000",
      },
      iss: {
        images: { api: digest("iss/module") },
        services: { api: { cpuMillicores: 50, minReplicas: 1 } },
        frontendOrigin: "http://localhost:3001",
      },
      scriptpulse: {
        images: { api: digest("scriptpulse/api") },
        services: { api: { ...small, ...one } },
        tenants: { acme: {} },
      },
      router: {
        images: { poller: digest("router/poller") },
        services: { poller: { ...small, environment: { A2A_BASE_URL: "https://a2a.peers.test", ...routerChecksums } } },
      },
      "content-pipeline": {
        images: { editorbot: digest("content-pipeline/editorbot"), renderer: digest("content-pipeline/renderer") },
        services: { editorbot: small, renderer: small },
        approvers: { groups: ["editors"] },
      },
    },
  };
}

async function openStack(tools: Toolchain, directory: string, name: string, config: StackValues): Promise<LocalStack> {
  const home = join(directory, "stacks");
  const source = join(home, `${name}.yaml`);
  await mkdir(home, { recursive: true });
  const prefixed = Object.entries(config).map(([key, value]) => [`palisade:${key}`, value]);
  await writeFile(source, stringify({ config: Object.fromEntries(prefixed) }));
  const opened = await openLocalStack({ name, directory: home, tools, source });
  const stack = { ...opened, env: { ...opened.env, PULUMI_PARALLEL } };
  const workloads = config.workloads as Record<string, unknown>;
  for (const [workload, secrets] of Object.entries(suppliedSecrets))
    for (const [variable, value] of Object.entries(workload in workloads ? secrets : {})) {
      const place = `palisade:secrets.${workload}.${variable}`;
      const args = ["config", "set", "--secret", "--path", place, "--stack", name, "--config-file", stack.configFile];
      // The value by standard input: arguments are everybody's to read.
      const { status, stderr } = spawnSync(tools.engine, args, {
        cwd: PROJECT_DIRECTORY,
        env: stack.env,
        input: value,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(`${place} cannot be set: ${stderr}`);
    }
  return stack;
}

/**
 * Images of the services, which here trust the peers, and of the platform's own parts.
 * @param directory where they are packed: new or empty
 * @param imagesTo registry; the cluster's own. What only tests run is always there
 * @returns the digest of each by repository
 */
export async function pushImages(
  cluster: Pick<Cluster, "registry">,
  directory: string,
  authority: string,
  imagesTo = cluster.registry.push,
): Promise<Record<string, string>> {
  const services = Object.entries(await trustingImages(directory, authority));
  const parts = Object.entries(await thirdPartyImages());
  const images = [...services, ...parts.map(([name, image]) => [`palisade/${imageName(name)}`, image] as const)];
  const registryOf = (repository: string) => (repository.startsWith("test/") ? cluster.registry.push : imagesTo);
  await Promise.all(images.map(([repository, { layout }]) => pushImage(layout, registryOf(repository), repository)));
  return Object.fromEntries(images.map(([repository, { digest }]) => [repository, digest]));
}

const imageName = (name: string): string => ((name as ThirdPartyImage) === "queue-front" ? "tls-front" : name);

/** Names of the peers, beside those the cluster's DNS answers for already. */
export async function teachDns(kubectl: ClusterRoom["kubectl"], hosts: readonly string[]): Promise<void> {
  const must = async (...args: string[]) => {
    const { code, stdout, stderr } = await kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(" ")}: ${stderr}`);
    return stdout;
  };
  const found = JSON.parse(await must("get", "configmap", "coredns", "--namespace", "kube-system", "--output", "json"));
  const { Corefile } = (found as { data: { Corefile: string } }).data;
  // A zone for each, since what is nobody's zone does not exist there.
  const zones = hosts.flatMap(line => {
    const [address, ...names] = line.split(" ");
    return names.map(name => `${name}:53 {\n  errors\n  hosts {\n    ${address} ${name}\n  }\n}\n`);
  });
  if (Corefile.startsWith(zones.join(""))) return;
  const taught = zones.join("") + Corefile;
  const patch = JSON.stringify({ data: { Corefile: taught } });
  await must("patch", "configmap", "coredns", "--namespace", "kube-system", "--type", "merge", "--patch", patch);
  await must("rollout", "restart", "deployment/coredns", "--namespace", "kube-system");
  await must("rollout", "status", "deployment/coredns", "--namespace", "kube-system", "--timeout", "60s");
}

/** The node says that it has a GPU: what is asked of a scheduler can be shown without one. */
export async function pretendGpu(kubectl: ClusterRoom["kubectl"]): Promise<void> {
  const patch = JSON.stringify([{ op: "add", path: "/status/capacity/nvidia.com~1gpu", value: "1" }]);
  const args = ["patch", "node", NODE_NAME, "--subresource", "status", "--type", "json", "--patch", patch];
  const { code, stderr } = await kubectl(...args);
  if (code !== 0) throw new Error(`the node cannot be given a GPU: ${stderr}`);
}
