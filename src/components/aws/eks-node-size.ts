// AWS components: how many nodes of a type an EKS cluster needs for the pods of its workloads. Pure (SA-12).
import type { Service, Workload } from "../../workload/workload";

interface NodeSize {
  cpuMillicores: number;
  memoryMiB: number;
  /** Interfaces for pods with security groups of their own. */
  podInterfaces: number;
}

const size = (cpu: number, gib: number, podInterfaces: number): NodeSize => ({
  cpuMillicores: cpu * 1000,
  memoryMiB: gib * 1024,
  podInterfaces,
});

/** Types of nodes. Each carries trunk interfaces, which burstable types (t3, t4g) do not: without them no pod has a security group (SA-9). */
export const nodeSizes = {
  "m5.large": size(2, 8, 9),
  "m5.xlarge": size(4, 16, 18),
  "m5.2xlarge": size(8, 32, 38),
  "m5.4xlarge": size(16, 64, 54),
  "m6i.large": size(2, 8, 9),
  "m6i.xlarge": size(4, 16, 18),
  "m6i.2xlarge": size(8, 32, 38),
  "m6i.4xlarge": size(16, 64, 54),
  "c6i.xlarge": size(4, 8, 18),
  "c6i.2xlarge": size(8, 16, 38),
  "c6i.4xlarge": size(16, 32, 54),
  "r6i.large": size(2, 16, 9),
  "r6i.xlarge": size(4, 32, 18),
  "r6i.2xlarge": size(8, 64, 38),
  "r6i.4xlarge": size(16, 128, 54),
} as const satisfies Record<string, NodeSize>;
export type NodeType = keyof typeof nodeSizes;

/** What the system, the kubelet and the add-ons of each node take. */
const reserved = { cpuMillicores: 600, memoryMiB: 1536 };
/** What the platform puts beside each process: the collector, and the proxy of its way out. */
const beside = { cpuMillicores: 100, memoryMiB: 128 };

/** Services of a workload that run as pods on nodes: not those with a machine or GPUs, which have homes of their own. */
export function podServices({ services }: Pick<Workload, "services">): [string, Service][] {
  return Object.entries(services).filter(([, { machine, resources }]) => !machine && resources.gpus === 0);
}

/**
 * Nodes that hold every pod at its most replicas, with one more, so that a lost node or a rollout finds room at once:
 * nothing in the cluster adds nodes.
 * @param zones number of availability zones; each has a node at least (SA-2).
 * @throws Error naming the service whose pod is larger than a node.
 */
export function nodesFor(workloads: readonly Workload[], nodeType: NodeType, zones: number): number {
  const node = nodeSizes[nodeType];
  const room = {
    cpuMillicores: node.cpuMillicores - reserved.cpuMillicores,
    memoryMiB: node.memoryMiB - reserved.memoryMiB,
  };
  const needed = { cpuMillicores: 0, memoryMiB: 0, podInterfaces: 0 };
  for (const workload of workloads)
    for (const [name, { resources, scaling }] of podServices(workload)) {
      const most = { ...resources, ...resources.ceiling };
      const pod = {
        cpuMillicores: most.cpuMillicores + beside.cpuMillicores,
        memoryMiB: most.memoryMiB + beside.memoryMiB,
      };
      for (const of of ["cpuMillicores", "memoryMiB"] as const)
        if (pod[of] > room[of])
          throw new Error(
            `a pod of \`${workload.name}.services.${name}\` takes ${pod[of]} of \`${of}\`, and a node of type \`${nodeType}\` has ${room[of]}; allowed is a larger \`eks.nodeType\``,
          );
      needed.cpuMillicores += pod.cpuMillicores * scaling.maxReplicas;
      needed.memoryMiB += pod.memoryMiB * scaling.maxReplicas;
      needed.podInterfaces += scaling.maxReplicas;
    }
  const forPods = Math.max(
    Math.ceil(needed.cpuMillicores / room.cpuMillicores),
    Math.ceil(needed.memoryMiB / room.memoryMiB),
    Math.ceil(needed.podInterfaces / node.podInterfaces),
  );
  return Math.max(forPods, zones) + 1;
}
