// CLI: `sandbox up|down|status --cluster`.
import { join } from "node:path";
import { type Cluster, clusterDown, clusterStatus, clusterUp } from "../../toolchain/cluster/cluster";
import { givenCluster } from "../../toolchain/cluster/given";
import { kindDown, kindStatus, kindUp, startedWithKind } from "../../toolchain/cluster/kind";
import { chooseTarget, type TargetOptions } from "../../toolchain/cluster/target";
import { DEV_DIRECTORY } from "../../toolchain/stack";
import { EXIT } from "./main";

/** Where the cluster of this checkout lies. */
export const CLUSTER_DIRECTORY = join(DEV_DIRECTORY, "cluster");

/** Starts, ends or looks at a cluster: the one that was named, kind's, or the local one of this checkout. */
export async function sandboxCluster(
  command: "up" | "down" | "status",
  options: TargetOptions & { json?: boolean },
): Promise<number> {
  const show = (value: object, text: string) =>
    process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  const target = chooseTarget(options, process.env);
  if (target.origin === "given") {
    if (command === "down") {
      show({ stopped: false }, `The cluster of ${target.kubeconfig} is not ours; it is left as it is.`);
      return EXIT.done;
    }
    const { kubeconfig, context, server } = await givenCluster(target.kubeconfig, target.named);
    show({ origin: "given", kubeconfig, context, server }, `The cluster ${context} of ${kubeconfig} is ready.`);
    return EXIT.done;
  }
  if (target.origin === "kind" || (command !== "up" && startedWithKind(CLUSTER_DIRECTORY)))
    return withKind(command, show);
  if (command === "down") {
    const stopped = await clusterDown(CLUSTER_DIRECTORY);
    show({ stopped }, stopped ? "The local cluster has ended; its data is gone." : "No local cluster was running.");
    return EXIT.done;
  }
  const running = await (command === "up" ? clusterUp : clusterStatus)(CLUSTER_DIRECTORY);
  show(
    running ? { origin: "local", ...running } : {},
    running ? summary(running) : "No local cluster is running: `npx palisade sandbox up --cluster`.",
  );
  return running ? EXIT.done : EXIT.failed;
}

type Show = (value: object, text: string) => void;

async function withKind(command: "up" | "down" | "status", show: Show): Promise<number> {
  if (command === "down") {
    const stopped = await kindDown(CLUSTER_DIRECTORY);
    show({ stopped }, stopped ? "The kind cluster is deleted." : "No kind cluster of this checkout was running.");
    return EXIT.done;
  }
  const kubeconfig = await (command === "up" ? kindUp : kindStatus)(CLUSTER_DIRECTORY);
  show(
    kubeconfig ? { origin: "kind", kubeconfig } : {},
    kubeconfig
      ? `The kind cluster is ready: export KUBECONFIG=${kubeconfig}`
      : "No kind cluster of this checkout is running: `npx palisade sandbox up --cluster --kind`.",
  );
  return kubeconfig ? EXIT.done : EXIT.failed;
}

const summary = (cluster: Cluster) =>
  [
    "The local cluster is ready.",
    `  kubeconfig  export KUBECONFIG=${cluster.kubeconfig}`,
    `  kubectl     ${cluster.binaries.kubectl}`,
    `  registry    push to ${cluster.registry.push}, name images ${cluster.registry.pull}/…`,
  ].join("\n");
