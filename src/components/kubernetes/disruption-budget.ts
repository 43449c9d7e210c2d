// Kubernetes components: how many replicas a drain of nodes may take at once (SA-12). Pure.
import type { Service } from "../../workload/workload";
import { scales } from "./autoscaler";
import type { ClusterHome } from "./cluster-home";
import { fewestReplicas } from "./gpu";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";

/** One at a time; a single replica may go, or its node could never be drained. None where there is never another. */
export function disruptionBudget(
  { workload, namespace }: Pick<ClusterHome, "workload" | "namespace">,
  name: string,
  service: Pick<Service, "scaling">,
): KubernetesObject[] {
  if (fewestReplicas(service) < 2 && !scales(service)) return [];
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name, namespace, labels: labelsOf(workload.name, name) },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selectorOf(workload.name, name) },
        // A replica that is not well anyway must not hold up the drain.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  ];
}
