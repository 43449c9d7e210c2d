// Platform: everything a stack on a cluster consists of, from its configuration. Pure: an update, a rendering and an installer share it (PF-1, PF-3).
import type { ClusterHome } from "../components/kubernetes/cluster-home";
import { foundationObjects } from "../components/kubernetes/foundation-objects";
import { unbuiltText } from "../components/kubernetes/kubernetes-not-built-yet";
import { type WorkloadObjects, workloadObjects } from "../components/kubernetes/workload-objects";
import type { Workload } from "../workload/workload";
import { clusterHomes, type FoundationConfig, foundationHome, type HomeConfig } from "./onprem-homes";

export interface OnpremContents {
  /** What the workloads share. */
  shared: WorkloadObjects;
  /** In the order of the configuration. */
  workloads: { home: ClusterHome; contents: WorkloadObjects }[];
}

/** What a specification asks for and Kubernetes does not make. `message` ends before what its reader is to type. */
export class NotBuilt extends Error {
  override readonly name = "NotBuilt";
}

/**
 * `catalog` holds the specifications of all workloads that the stack names.
 * @throws NotBuilt with every part of every workload that cannot be made, in one message.
 */
export function onpremContents(
  config: HomeConfig & FoundationConfig,
  catalog: ReadonlyMap<string, Workload>,
): OnpremContents {
  const homes = clusterHomes(config, catalog);
  const unbuilt = unbuiltText(homes);
  if (unbuilt) throw new NotBuilt(unbuilt);
  return {
    shared: foundationObjects(foundationHome(config, homes)),
    workloads: homes.map(home => ({ home, contents: workloadObjects(home) })),
  };
}
