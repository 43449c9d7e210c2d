// Platform: a stack on a customer's Kubernetes. From its configuration to the arguments of components; decides nothing itself (PF-1, PF-9).
import { ClusterFoundation } from "../components/kubernetes/cluster-foundation";
import { clusterProvider } from "../components/kubernetes/cluster-provider";
import { ClusterWorkload } from "../components/kubernetes/cluster-workload";
import type { OnpremStackConfig } from "../config/load";
import type { Workload } from "../workload/workload";
import { requireKubeconfig } from "./kubeconfig-check";
import { requireContents } from "./onprem-built";
import { requireSupplied, suppliedTo, suppliedToPlatform } from "./supplied-secrets";

export interface OnpremOutputs {
  workloads: Record<string, Pick<ClusterWorkload, "namespace" | "url">>;
}

/**
 * Registers everything the stack has. `catalog` holds the specifications of all workloads that the stack names.
 * @throws RunError before anything is registered, if a secret is missing or there is no kubeconfig.
 */
export function onprem(config: OnpremStackConfig, catalog: ReadonlyMap<string, Workload>): OnpremOutputs {
  const { environment, cluster } = config;
  // All that cannot be made in one message, before the first workload is (PF-9).
  const { shared, workloads } = requireContents(config, catalog);
  const demands = workloads.map(({ home, contents }) => ({
    home,
    name: home.workload.name,
    contents,
    supplied: suppliedTo(config, home.workload.name),
  }));
  requireSupplied(demands);
  const kubeconfig = requireKubeconfig(cluster.kubeconfig);

  const provider = clusterProvider("cluster", { kubeconfig, context: cluster.context });
  const foundation = new ClusterFoundation(
    `palisade-${environment}`,
    { contents: shared, supplied: suppliedToPlatform(config) },
    { provider },
  );
  const made = demands.map(({ home, contents, supplied }) => {
    const args = { home, foundation, contents, supplied };
    return new ClusterWorkload(home.namespace, args, { provider });
  });

  return {
    workloads: Object.fromEntries(made.map(({ namespace, url }, i) => [demands[i]?.name ?? "", { namespace, url }])),
  };
}
