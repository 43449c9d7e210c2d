// AWS components: which AWS services the network of a stack reaches by an endpoint, from what its workloads are made of (SP-13).
import type { Workload } from "../../workload/workload";
import { fargateServices } from "./vpc-endpoints";

/**
 * What a machine needs besides: Systems Manager for sessions, deliveries and parameters (CP-5, CP-6, CP-9), the key of
 * its sessions, its metrics, the identity of its process.
 */
const machineServices = ["ssm", "ssmmessages", "ec2messages", "kms", "monitoring", "sts"] as const;

export function hasMachine({ services }: Pick<Workload, "services">): boolean {
  return Object.values(services).some(service => service.machine);
}

/** Services with an interface endpoint, as `VpcEndpoints` takes them: each once, in an order that workloads do not change. */
export function endpointServices(workloads: readonly Workload[]): string[] {
  return [...fargateServices, ...(workloads.some(hasMachine) ? machineServices : [])];
}
