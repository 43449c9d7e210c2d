// Kubernetes components: the namespace of a workload: what its pods may be, and how much of the cluster they may take (IS-8, RT-27, SA-12). Pure.
import type { ClusterHome } from "./cluster-home";
import { demandOf, type ReplicaDemand } from "./demand";
import { at, listAt } from "./fields";
import { type KubernetesObject, labelsOf } from "./object";
import { cores, count, mebibytes } from "./quantity";
import { gpuResource } from "./resources";

/** Version of Pod Security's levels: what is admitted does not change by an upgrade of the cluster. */
const podSecurityVersion = "v1.33";

/** Labels by which every pod that is not `restricted` is refused, and noted. */
const podSecurityLabels = Object.fromEntries(
  ["enforce", "audit", "warn"].flatMap(mode => [
    [`pod-security.kubernetes.io/${mode}`, "restricted"],
    [`pod-security.kubernetes.io/${mode}-version`, podSecurityVersion],
  ]),
);

/** For a container that says nothing of its needs, such as one somebody starts by hand. */
const unsaid = { cpuMillicores: 100, memoryMiB: 256 };

export function namespaceObject({ workload, namespace }: Pick<ClusterHome, "workload" | "namespace">) {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { ...labelsOf(workload.name, namespace), ...podSecurityLabels } },
  };
}

/**
 * What all these objects may take together, and one container alone.
 * @param objects All of the namespace: whatever makes pods there counts.
 */
export function boundObjects(home: ClusterHome, objects: readonly KubernetesObject[]): KubernetesObject[] {
  const { workload, namespace } = home;
  const demands = objects.flatMap(object => demandOf(object, objects)).map(demand => withCeiling(home, demand));
  const claims = objects.filter(({ kind }) => kind === "PersistentVolumeClaim");
  const open = objects.filter(object => object.kind === "Service" && at(object, "spec", "type") === "LoadBalancer");
  const ports = open.reduce((sum, service) => sum + listAt(service, "spec", "ports").length, 0);
  const metadata = (name: string) => ({ name, namespace, labels: labelsOf(workload.name, name) });
  // Twice what runs at most: in an update old replicas end beside new ones.
  const total = (of: (demand: ReplicaDemand) => number) =>
    2 * demands.reduce((sum, demand) => sum + demand.replicas * of(demand), 0);
  const storage = claims.length + demands.reduce((sum, demand) => sum + demand.replicas * demand.claims, 0);
  const gpus = total(({ gpus }) => gpus);
  const largest = Math.max(unsaid.memoryMiB, ...demands.map(({ largestMiB }) => largestMiB));
  // Two pods more, of whatever size: a backup, a loader.
  const memory = mebibytes(total(({ memoryMiB }) => memoryMiB) + 2 * largest);
  return [
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: metadata("workload"),
      spec: {
        hard: {
          pods: count(total(() => 1) + 2),
          "requests.cpu": cores(total(({ cpuMillicores }) => cpuMillicores) + 2 * unsaid.cpuMillicores),
          "requests.memory": memory,
          "limits.memory": memory,
          persistentvolumeclaims: count(storage),
          // The way in is the Ingress (IS-5), or what stands in its place and is named among the objects.
          "services.nodeports": count(ports),
          "services.loadbalancers": count(open.length),
          ...(gpus > 0 && { [`requests.${gpuResource}`]: count(gpus) }),
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: metadata("containers"),
      spec: {
        limits: [
          {
            type: "Container",
            default: { memory: mebibytes(unsaid.memoryMiB) },
            defaultRequest: { cpu: cores(unsaid.cpuMillicores), memory: mebibytes(unsaid.memoryMiB) },
            max: { memory: mebibytes(largest) },
          },
        ],
      },
    },
  ];
}

/** A replica that may grow counts as grown (RT-6). */
function withCeiling({ workload }: ClusterHome, demand: ReplicaDemand): ReplicaDemand {
  const bounds = workload.services[demand.name]?.resources;
  if (!bounds?.ceiling) return demand;
  return {
    ...demand,
    cpuMillicores: demand.cpuMillicores + bounds.ceiling.cpuMillicores - bounds.cpuMillicores,
    memoryMiB: demand.memoryMiB + bounds.ceiling.memoryMiB - bounds.memoryMiB,
    largestMiB: Math.max(demand.largestMiB, bounds.ceiling.memoryMiB),
  };
}
