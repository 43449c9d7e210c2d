// Kubernetes components: what serves all workloads of an environment in one cluster: namespaces, the log sink, what reads on the nodes (RT-23, IS-6).
import {
  type ClusterFoundationHome,
  nodesNamespace,
  platformNamespace,
  platformWorkload,
} from "./cluster-foundation-home";
import { logSinkPart } from "./log-sink";
import { defaultDeny } from "./network-policies";
import { nodeLogsPart } from "./node-logs";
import { type KubernetesObject, labelsOf } from "./object";
import type { WorkloadObjects } from "./workload-objects";

/** @throws Error if the stack has no image of the collector, or a tenant cannot be the name of a file. */
export function foundationObjects(home: ClusterFoundationHome): WorkloadObjects {
  const parts = [logSinkPart(home), nodeLogsPart(home)];
  return {
    objects: [
      ...closedNamespace(platformNamespace(home), "restricted"),
      ...(home.logs.node ? closedNamespace(nodesNamespace(home), "privileged") : []),
      ...parts.flatMap(part => part.objects ?? []),
    ],
    secrets: parts.flatMap(part => part.secrets ?? []),
  };
}

/** With the Pod Security profile that is enforced there, and a policy that opens no way. */
function closedNamespace(name: string, profile: "restricted" | "privileged"): KubernetesObject[] {
  const levels = ["enforce", "audit", "warn"].map(mode => [`pod-security.kubernetes.io/${mode}`, profile]);
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { ...labelsOf(platformWorkload, name), ...Object.fromEntries(levels) } },
    },
    defaultDeny(platformWorkload, name),
  ];
}
