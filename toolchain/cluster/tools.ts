// Cluster: finds or makes everything a cluster is started from. All of it lies in the cache; nothing is installed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cachedPath } from "../cache";
import { make, needGo } from "../make";
import { type Report, step } from "../progress";
import { packSystemImages, type SystemImages, systemImages, systemImagesKey } from "./images";
import { type Packages, packageEnv, packagesKey, unpackPackages } from "./packages";
import {
  buildPrograms,
  coredns,
  type GoPrograms,
  kubernetes,
  localPathProvisioner,
  metricsServer,
  networkPolicies,
  node,
  programsKey,
} from "./programs";

/** What a cluster is started from. */
export interface ClusterTools {
  /** Directory with kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl. */
  kubernetes: string;
  /** Program of the node's first process. */
  node: string;
  /** Program that enforces network policies. */
  networkPolicies: string;
  /** etcd, containerd and others. */
  packages: Packages;
  /** A static busybox. */
  busybox: string;
  /** Images of what runs in the cluster for itself. */
  images: SystemImages;
}

/**
 * Finds or makes all of it. Warm: only looks. Cold on two cores: about six minutes, most of it Kubernetes.
 * @throws Failure naming what is missing and how to get it
 */
export async function clusterTools(report: Report = step): Promise<ClusterTools> {
  const packages = await make(
    report,
    { name: "cluster-packages", key: packagesKey(), title: "etcd, containerd and others: fetching" },
    unpackPackages,
  );
  const built = async (tool: GoPrograms) => {
    const key = programsKey(tool);
    const path = cachedPath(tool.module, key);
    if (existsSync(path)) return path;
    await needGo(`build ${tool.title}`, ", or name a cluster of your own: `export PALISADE_KUBECONFIG=FILE`.");
    return make(report, { name: tool.module, key, title: `${tool.title}: building` }, work =>
      buildPrograms(tool, work),
    );
  };
  const kubernetesDirectory = await built(kubernetes);
  const nodeDirectory = await built(node);
  const policies = await built(networkPolicies);
  const unpacked = packageEnv(packages);
  const inside = {
    pause: join(nodeDirectory, "pause"),
    busybox: join(packages, "root", "bin", "busybox"),
    coredns: join(await built(coredns), "coredns"),
    localPathProvisioner: join(await built(localPathProvisioner), "local-path-provisioner"),
    metricsServer: join(await built(metricsServer), "metrics-server"),
  };
  const layouts = await make(
    report,
    { name: "cluster-images", key: systemImagesKey(inside), title: "the cluster's own images: packing" },
    work => packSystemImages(inside, work, { program: join(unpacked.bin, "docker-registry"), env: unpacked.env }),
  );
  return {
    kubernetes: kubernetesDirectory,
    node: join(nodeDirectory, "node"),
    networkPolicies: join(policies, "kube-network-policies"),
    packages: unpacked,
    busybox: inside.busybox,
    images: await systemImages(layouts),
  };
}
