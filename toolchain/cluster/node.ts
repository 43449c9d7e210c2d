// Cluster: what the node sees of the machine, and all files that its programs read before they start.
import { randomBytes } from "node:crypto";
import { constants, copyFile, cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheRoot } from "../cache";
import { API_PORT, DNS_SERVICE, NODE_ADDRESS, NODE_NAME, RANGES, REGISTRY_NAME, REGISTRY_PORT } from "./addresses";
import { kubeconfig } from "./certificates";
import { auditPolicy, controlPlane, encryptionConfig, type Service } from "./control-plane";
import type { SystemImages } from "./images";
import type { Layout } from "./layout";
import {
  cniConfig,
  containerdConfig,
  IN_CLUSTER,
  kubeletConfig,
  kubeProxyConfig,
  nodeServices,
  POLICIES_USER,
  registryHosts,
  registryHostsDirectory,
} from "./node-services";
import { registryConfig } from "./registry";
import type { ClusterTools } from "./tools";

/** What `node start` is given; see toolchain/go/node/description.go. */
export interface NodeDescription {
  hostname: string;
  cgroup: string;
  log: string;
  forward: string[];
  cover: string[];
  bind: { source: string; target: string }[];
  files: { path: string; content: string }[];
  setup: string[][];
  services: (Service & { log: string })[];
}

/**
 * The kubelet sets these for the whole kernel, which is the machine's. The node is shown that they are set already. All
 * but the last two change only what happens after a fault of the kernel.
 */
const KERNEL_SETTINGS = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/** Decides the node: pure, but for the paths in `layout` and `tools`. */
function describeNode(layout: Layout, tools: ClusterTools): NodeDescription {
  const inCluster = join(layout.config, "in-cluster");
  const hosts = ["127.0.0.1 localhost", `${NODE_ADDRESS} ${NODE_NAME} ${REGISTRY_NAME.split(":")[0]}`];
  const services = [...controlPlane(layout, tools.kubernetes), ...nodeServices(layout, tools)];
  return {
    hostname: NODE_NAME,
    cgroup: layout.cgroup,
    log: join(layout.logs, "node.log"),
    forward: [`${NODE_ADDRESS}:${API_PORT}`, `${NODE_ADDRESS}:${REGISTRY_PORT}`],
    cover: ["/run", "/tmp", "/var/lib", "/var/log"],
    bind: [
      { source: layout.root, target: layout.root },
      { source: cacheRoot(), target: cacheRoot() },
      { source: layout.kubelet, target: "/var/lib/kubelet" },
      { source: join(layout.logs, "pods"), target: "/var/log/pods" },
      { source: inCluster, target: IN_CLUSTER },
    ],
    files: [
      { path: "/etc/hosts", content: `${hosts.join("\n")}\n` },
      { path: "/etc/resolv.conf", content: resolvConf },
      ...Object.entries(KERNEL_SETTINGS).map(([name, content]) => ({
        path: `/proc/sys/${name}`,
        content: `${content}\n`,
      })),
    ],
    setup: [
      ["ip", "link", "set", "lo", "up"],
      // The node's own address is that of a bridge with nothing on it: not every kernel has dummy interfaces.
      ["ip", "link", "add", "node0", "type", "bridge"],
      ["ip", "address", "add", `${NODE_ADDRESS}/${RANGES.node.split("/")[1]}`, "dev", "node0"],
      ["ip", "link", "set", "node0", "up"],
      ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
      // Every new connection of a pod is judged; with nobody there to judge, none is let through.
      ["iptables", "-A", "FORWARD", ...JUDGED],
      // What a pod sends to the node itself (the API, the registry) passes another chain, and is judged there.
      ["iptables", "-A", "INPUT", "-s", RANGES.pods, ...JUDGED],
    ],
    services: services.map(service => ({ ...service, log: join(layout.logs, `${service.name}.log`) })),
  };
}

const JUDGED = ["-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", "100"];

const resolvConf = `nameserver ${DNS_SERVICE}\n`;

/** Directories the node's programs expect, and the registry's beginning. */
export async function makeDirectories(layout: Layout, images: SystemImages): Promise<void> {
  await mkdir(layout.root, { recursive: true, mode: 0o700 });
  const { config, logs, registry, volumes, kubelet, containerd, pki } = layout;
  const below = [join(logs, "pods"), join(config, "cni"), join(config, "in-cluster")];
  for (const path of [config, pki, logs, registry, volumes, kubelet, containerd, ...below])
    await mkdir(path, { recursive: true });
  await cp(images.registry, registry, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Writes what the programs read; the certificates are there already. */
export async function writeConfig(layout: Layout, tools: ClusterTools, pauseImage: string): Promise<void> {
  const token = randomBytes(32).toString("hex");
  const api = `https://${NODE_ADDRESS}:${API_PORT}`;
  const json = (value: object) => JSON.stringify(value, undefined, 2);
  const files: Record<string, string> = {
    "encryption.json": json(encryptionConfig()),
    "audit.json": json(auditPolicy),
    "tokens.csv": `${token},${POLICIES_USER},${POLICIES_USER}\n`,
    "containerd.toml": containerdConfig(layout, tools, pauseImage),
    [`registries/${registryHostsDirectory}/hosts.toml`]: registryHosts,
    "cni/10-palisade.conflist": json(cniConfig),
    "registry.json": json(registryConfig(layout.registry, `${NODE_ADDRESS}:${REGISTRY_PORT}`)),
    "kubelet.json": json(kubeletConfig(layout)),
    "kube-proxy.json": json(kubeProxyConfig(layout)),
    "resolv.conf": resolvConf,
    "in-cluster/token": token,
    "node.json": json(describeNode(layout, tools)),
  };
  for (const client of ["kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler", "admin"])
    files[`${client}.kubeconfig`] = kubeconfig(layout.pki, client, api);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(layout.config, name)), { recursive: true });
    await writeFile(join(layout.config, name), content, { mode: 0o600 });
  }
  await copyFile(join(layout.pki, "ca.crt"), join(layout.config, "in-cluster", "ca.crt"));
}
