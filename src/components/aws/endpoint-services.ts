// AWS components: the AWS services that workloads themselves call, each of which needs an interface endpoint where there is no way to the internet (SP-13). Pure.
import type { Service, Workload } from "../../workload/workload";
import { fargateServices } from "./vpc-endpoints";

/** What of a specification makes its tasks call which service. */
const uses: Record<string, (workload: Workload) => boolean> = {
  // Keys of tenants.
  kms: ({ tenancy }) => tenancy !== undefined,
  // Metrics that alarms and scaling read, published by the processes.
  monitoring: ({ services }) => Object.values(services).some(publishesMetrics),
  xray: ({ services }) => Object.values(services).some(({ tracing }) => tracing !== undefined),
};

/** Services with an endpoint: those Fargate needs, and those the workloads use; no other. */
export function endpointServices(workloads: readonly Workload[]): string[] {
  const used = Object.entries(uses).filter(([, use]) => workloads.some(use));
  return [...fargateServices, ...used.map(([service]) => service)];
}

/** Nobody else measures the latency of a service that is not behind the edge. */
function publishesMetrics({ network, objectives, scaling }: Service): boolean {
  return (
    network.exposure !== "public" ||
    objectives.metrics.length > 0 ||
    scaling.targets.some(({ metric }) => metric === "queue-wait" || metric === "latency-p95")
  );
}
