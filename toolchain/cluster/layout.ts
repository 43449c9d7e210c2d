// Cluster: where a cluster's files lie. Everything is below one directory, which goes when the cluster goes.
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** Paths of the cluster of one directory. */
export interface Layout {
  /** Everything but the record. */
  root: string;
  record: string;
  kubeconfig: string;
  pki: string;
  config: string;
  logs: string;
  registry: string;
  volumes: string;
  kubelet: string;
  containerd: string;
  /** Name of the node's control group, the same at every start: what a killed start left is found by it. */
  cgroup: string;
}

export function layoutOf(directory: string): Layout {
  const base = resolve(directory);
  const root = join(base, "node");
  return {
    root,
    record: join(base, "cluster.json"),
    kubeconfig: join(root, "kubeconfig"),
    pki: join(root, "pki"),
    config: join(root, "config"),
    logs: join(root, "logs"),
    registry: join(root, "registry"),
    volumes: join(root, "volumes"),
    kubelet: join(root, "kubelet"),
    containerd: join(root, "containerd"),
    cgroup: `palisade-${createHash("sha256").update(base).digest("hex").slice(0, 12)}`,
  };
}
