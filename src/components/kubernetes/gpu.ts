// Kubernetes components: which nodes a pod may and would rather run on: those with accelerators, those that cost less (CP-12). Pure.
import type { Service } from "../../workload/workload";
import { gpuResource } from "./resources";

/** How clusters mark capacity that is taken away at short notice: the label, and the taint where there is one. */
const interruptibleNodes = [
  { label: "karpenter.sh/capacity-type", value: "spot", taint: false },
  { label: "eks.amazonaws.com/capacityType", value: "SPOT", taint: false },
  { label: "cloud.google.com/gke-spot", value: "true", taint: true },
  { label: "kubernetes.azure.com/scalesetpriority", value: "spot", taint: true },
];

/** Taints a pod does not mind. Nodes with accelerators are kept free of all else by one. */
export function tolerations({ resources, interruptible }: Pick<Service, "resources" | "interruptible">) {
  const all = [
    ...(resources.gpus > 0 ? [{ key: gpuResource, operator: "Exists", effect: "NoSchedule" }] : []),
    ...(interruptible ? interruptibleNodes.filter(({ taint }) => taint) : []).map(({ label, value }) => ({
      key: label,
      operator: "Equal",
      value,
      effect: "NoSchedule",
    })),
  ];
  return all.length > 0 ? { tolerations: all } : {};
}

/** A wish: where there is no such capacity, it runs on what there is. */
export function nodeAffinity({ interruptible }: Pick<Service, "interruptible">) {
  if (!interruptible) return {};
  const preferred = {
    preferredDuringSchedulingIgnoredDuringExecution: interruptibleNodes.map(({ label, value }) => ({
      weight: 50,
      preference: { matchExpressions: [{ key: label, operator: "In", values: [value] }] },
    })),
  };
  return { nodeAffinity: preferred };
}

/**
 * Fewest replicas in a cluster. One where the specification says none: no autoscaler of Kubernetes starts the first
 * replica for a message that waits. A stack that has no work for long sets fewer by hand, or takes the workload out.
 */
export function fewestReplicas({ scaling }: Pick<Service, "scaling">): number {
  return Math.max(scaling.minReplicas, 1);
}
