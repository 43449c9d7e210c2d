// AWS components: which of AWS's services a workload calls from inside the network, besides those every task needs (SP-13). Pure.
import type { Workload } from "../../workload/workload";

/** Interface endpoints the workloads need, each once; S3 always has its gateway endpoint. */
export function endpointsOf(workloads: readonly Workload[]): string[] {
  const needed = workloads.flatMap(({ services, state }) => [
    ...(Object.keys(state.queues).length > 0 ? ["sqs"] : []),
    // The agent on a GPU machine; Fargate has its own way.
    ...(Object.values(services).some(service => service.resources.gpus > 0)
      ? ["ecs", "ecs-agent", "ecs-telemetry"]
      : []),
  ]);
  return [...new Set(needed)].sort();
}
