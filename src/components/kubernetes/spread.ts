// Kubernetes components: replicas apart from each other, over nodes and zones (SA-12). Pure.

const domains = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/**
 * A wish, not a condition: on a cluster of one node or zone all replicas run all the same.
 * @param perRevision Counts the pods of each revision by themselves, so that old ones do not push new ones aside; a
 *   StatefulSet has no such label.
 */
export function spread(selector: Record<string, string>, perRevision: boolean) {
  return {
    topologySpreadConstraints: domains.map(topologyKey => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
      ...(perRevision && { matchLabelKeys: ["pod-template-hash"] }),
    })),
  };
}

/** Prefers a node where there is no other replica. */
export function antiAffinity(selector: Record<string, string>) {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: selector } },
      },
    ],
  };
}
