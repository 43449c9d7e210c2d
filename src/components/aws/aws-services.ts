// AWS components: which services of AWS the workloads of a stack call themselves, so that the network has a way to them (SP-13).
import type { Workload } from "../../workload/workload";
import { hasLadder } from "./throttle-parameter";
import { fargateServices } from "./vpc-endpoints";
import { hasLease } from "./workload-lease";

export interface AwsServices {
  /** Services with an interface endpoint, as `VpcEndpoints` takes them. */
  interfaces: string[];
  /** Whether DynamoDB needs its gateway endpoint. */
  dynamodb: boolean;
}

/** Pure. Every service publishes metrics; the rest follows from what the specifications ask for. */
export function awsServicesOf(workloads: readonly Workload[]): AwsServices {
  const services = workloads.flatMap(workload => Object.values(workload.services));
  return {
    interfaces: [...fargateServices, "monitoring", ...(services.some(hasLadder) ? ["ssm"] : [])],
    dynamodb: services.some(hasLease),
  };
}
