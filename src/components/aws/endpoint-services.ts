// AWS components: the AWS services that workloads themselves call, each of which needs an interface endpoint where there is no way to the internet (SP-13). Pure.
import type { Service, Workload } from "../../workload/workload";
import { eksServices } from "./eks-endpoints";
import { hasLadder } from "./throttle-parameter";
import { fargateServices } from "./vpc-endpoints";
import { hasLease } from "./workload-lease";

/** What of a specification makes a workload call which service. */
const uses: Record<string, (workload: Workload) => boolean> = {
  // Keys of tenants, and of sessions on machines.
  kms: workload => workload.tenancy !== undefined || hasMachine(workload),
  // Metrics that alarms and scaling read, published by the processes.
  monitoring: workload => Object.values(workload.services).some(publishesMetrics) || hasMachine(workload),
  xray: ({ services }) => Object.values(services).some(({ tracing }) => tracing !== undefined),
  // Sessions, deliveries and parameters of machines (CP-5, CP-6, CP-9), and the identity of their processes (CP-3).
  // Also what holds a service back (RT-7).
  ssm: workload => hasMachine(workload) || Object.values(workload.services).some(hasLadder),
  ssmmessages: hasMachine,
  ec2messages: hasMachine,
  sts: hasMachine,
  sqs: ({ state }) => Object.keys(state.queues).length > 0,
  // The agent on a GPU machine; Fargate has its own way.
  ecs: hasGpus,
  "ecs-agent": hasGpus,
  "ecs-telemetry": hasGpus,
};

/** Whether a workload calls DynamoDB, which has a gateway endpoint: leases are kept there (RT-30). */
export function needsDynamodb(workloads: readonly Workload[]): boolean {
  return workloads.some(({ services }) => Object.values(services).some(hasLease));
}

export function hasGpus({ services }: Pick<Workload, "services">): boolean {
  return Object.values(services).some(service => service.resources.gpus > 0);
}

export function hasMachine({ services }: Pick<Workload, "services">): boolean {
  return Object.values(services).some(service => service.machine);
}

/** Services with an endpoint: those Fargate or EKS needs, and those the workloads use; each once, in an order that workloads do not change. */
export function endpointServices(workloads: readonly Workload[], eks = false): string[] {
  const used = Object.entries(uses).filter(([, use]) => workloads.some(use));
  const named = used.map(([service]) => service);
  return [...fargateServices, ...named, ...(eks ? eksServices.filter(service => !named.includes(service)) : [])];
}

/** Nobody else measures the latency of a service that is not behind the edge. */
function publishesMetrics({ network, objectives, scaling }: Service): boolean {
  return (
    network.exposure !== "public" ||
    objectives.metrics.length > 0 ||
    scaling.targets.some(({ metric }) => metric === "queue-wait" || metric === "latency-p95")
  );
}
