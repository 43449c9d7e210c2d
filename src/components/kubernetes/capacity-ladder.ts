// Kubernetes components: the capacity ladder of a service: throttled first, and only if that does not help its pods grow (RT-6, RT-7). Pure.
import type { ScalingTarget } from "../../workload/operation";
import type { Service } from "../../workload/workload";
import { latencyMetric, queueWaitMetric, shownName } from "./shown-metrics";

/** Part that climbs it, and that holds services to their restart budgets. */
export const guardName = "workload-guard";

/** Percent of its own rate that a throttled service may take, step by step. */
const throttleSteps = [100, 75, 50, 25];

/** Seconds between two steps down, of throttling in vain before the pods grow, and of calm before a step back. */
const pace = { stepSeconds: 120, patienceSeconds: 600, calmSeconds: 300 };

/** Whether a service has a ladder: something to hold back with, or something to grow to. */
export function hasLadder({ scaling, resources }: Pick<Service, "scaling" | "resources">): boolean {
  return scaling.backPressure !== undefined || resources.ceiling !== undefined;
}

/** Where the guard writes what a service may take, and whose metrics it reads. */
export interface LadderPlace {
  container: string;
  throttle: { configMap: string; key: string };
  /** Labels of the service's own series. */
  labels: Record<string, string>;
}

/** The rules of one ladder, in the form that the guard's image reads from an annotation. */
export function capacityLadder({ scaling, resources }: Service, { container, throttle, labels }: LadderPlace): object {
  const { backPressure, targets } = scaling;
  const { ceiling } = resources;
  return {
    container,
    throttle,
    pressure: backPressure ?? {},
    // What cannot grow waits in vain.
    wait: ceiling ? Object.assign({}, ...targets.map(waitLimit)) : {},
    ...(ceiling && { ceiling: { cpu: `${ceiling.cpuMillicores}m`, memory: `${ceiling.memoryMiB}Mi` } }),
    metrics: { latency: shownName(latencyMetric.name), queueWait: shownName(queueWaitMetric), labels },
    steps: backPressure ? throttleSteps : [100],
    ...pace,
  };
}

function waitLimit(target: ScalingTarget): Record<string, number> {
  if (target.metric === "latency-p95") return { latencyP95Milliseconds: target.milliseconds };
  if (target.metric === "queue-wait") return { queueWaitMilliseconds: target.milliseconds };
  return {};
}
