// Kubernetes components: how many replicas a service has, by the targets of its specification (SA-12, RT-6, RT-7). Pure.
import { type ScalingTarget, scaling as scalingSchema } from "../../workload/operation";
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import type { Controller } from "./deployment";
import { fewestReplicas } from "./gpu";
import { type KubernetesObject, labelsOf } from "./object";
import { count } from "./quantity";

/** Annotation of an autoscaler: targets that this cluster cannot measure. */
export const unmeasured = "palisade.dev/unmeasured-targets";

/**
 * Seconds that a need must last before replicas are added: the fewest anywhere, and with back-pressure as long as the
 * ladder throttles in vain before it gives more (RT-7).
 */
const outSeconds = { plain: 60, afterBackPressure: 600 };
const inSeconds = 300;

/** Passive replicas share no load, so an active-passive service has its least number and no more (RT-30). */
export function scales({ scaling }: Pick<Service, "scaling">): boolean {
  return scaling.mode === "all-active" && scaling.maxReplicas > fewestReplicas({ scaling });
}

/**
 * Targets that are not CPU or memory need an adapter that serves metrics of pods. Without one the autoscaler could only
 * ever go up, so they are left out, and the annotation says so; if none is left, CPU counts, as it does by default.
 */
export function autoscaler(
  { workload, namespace, podMetrics = false }: Pick<ClusterHome, "workload" | "namespace" | "podMetrics">,
  name: string,
  service: Pick<Service, "scaling">,
  controller: Controller,
): KubernetesObject[] {
  if (!scales(service)) return [];
  const { targets, maxReplicas, backPressure } = service.scaling;
  const measured = targets.filter(target => podMetrics || isResource(target));
  const left = targets.filter(target => !measured.includes(target)).map(({ metric }) => metric);
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: {
        name,
        namespace,
        labels: labelsOf(workload.name, name),
        ...(left.length > 0 && { annotations: { [unmeasured]: left.join(", ") } }),
      },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: controller, name },
        minReplicas: fewestReplicas(service),
        maxReplicas,
        metrics: (measured.length > 0 ? measured : defaultTargets).map(metricSpec),
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: backPressure ? outSeconds.afterBackPressure : outSeconds.plain,
            selectPolicy: "Max",
            policies: [
              { type: "Percent", value: 100, periodSeconds: 60 },
              { type: "Pods", value: 2, periodSeconds: 60 },
            ],
          },
          scaleDown: {
            stabilizationWindowSeconds: inSeconds,
            selectPolicy: "Min",
            policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
          },
        },
      },
    },
  ];
}

const defaultTargets = scalingSchema.parse({ minReplicas: 1, maxReplicas: 1 }).targets;

function isResource({ metric }: ScalingTarget): boolean {
  return metric === "cpu" || metric === "memory";
}

function metricSpec(target: ScalingTarget) {
  switch (target.metric) {
    case "cpu":
    case "memory":
      return {
        type: "Resource",
        resource: { name: target.metric, target: { type: "Utilization", averageUtilization: target.percent } },
      };
    case "requests-per-replica":
      return ofPods("requests_per_minute", target.perMinute);
    case "queue-wait":
      return ofPods("queue_wait_ms", target.milliseconds);
    case "latency-p95":
      return ofPods("latency_round_trip_ms_p95", target.milliseconds);
  }
}

/** Names as a Prometheus adapter serves them. */
function ofPods(name: string, value: number) {
  return { type: "Pods", pods: { metric: { name }, target: { type: "AverageValue", averageValue: count(value) } } };
}
