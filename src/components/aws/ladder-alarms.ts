// AWS components: what makes a service climb its capacity ladder. Pure (RT-6, RT-7).
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import type { Alarm } from "./metric-alarm";
import { latencyMetric, metricNamespace, queueWaitMetric } from "./metrics";

export interface LadderMetrics {
  clusterName: pulumi.Input<string>;
  /** Name of the ECS service. */
  serviceName: pulumi.Input<string>;
  /** Where the edge counts the service's requests, of a public service. */
  requests?: { loadBalancerArnSuffix: pulumi.Input<string>; targetGroupArnSuffix: pulumi.Input<string> };
  /** Dimensions under which the service publishes its own metrics. */
  metricDimensions: Record<string, string>;
}

/** Two minutes of three: sooner than the alarms that wake people. */
const twoOfThree = { period: 60, evaluationPeriods: 3, datapointsToAlarm: 2 };

/** The service is under pressure, and should take less: from `scaling.backPressure` (RT-7). */
export function pressureAlarms({ scaling }: Service, metrics: LadderMetrics): Record<string, Alarm> {
  if (!scaling.backPressure) return {};
  const { cpuPercent, latencyP95Milliseconds } = scaling.backPressure;
  return {
    "pressure-cpu": {
      alarmDescription: `CPU above ${cpuPercent} %: the service is throttled before it grows (RT-7)`,
      namespace: "AWS/ECS",
      metricName: "CPUUtilization",
      dimensions: { ClusterName: metrics.clusterName, ServiceName: metrics.serviceName },
      statistic: "Average",
      ...above(cpuPercent),
    },
    "pressure-latency": {
      alarmDescription: `p95 above ${latencyP95Milliseconds} ms: the service is throttled before it grows (RT-7)`,
      ...latency(latencyP95Milliseconds, metrics),
    },
  };
}

/** Work waits too long: from the targets of `scaling` that measure waiting, of a service that can grow (RT-6). */
export function waitAlarms({ scaling, resources }: Service, metrics: LadderMetrics): Record<string, Alarm> {
  if (!resources.ceiling) return {};
  return Object.fromEntries(
    scaling.targets.flatMap((target): [string, Alarm][] => {
      const alarmDescription = `${target.metric} above its target: the tasks grow if throttling does not help (RT-6)`;
      if (target.metric === "latency-p95")
        return [["wait-latency", { alarmDescription, ...latency(target.milliseconds, metrics) }]];
      if (target.metric !== "queue-wait") return [];
      const queueWait = {
        namespace: metricNamespace,
        metricName: queueWaitMetric,
        dimensions: metrics.metricDimensions,
        statistic: "Average",
      };
      return [["wait-queue", { alarmDescription, ...queueWait, ...above(target.milliseconds) }]];
    }),
  );
}

/** The load balancer measures a public service, in seconds; any other measures itself. */
function latency(milliseconds: number, { requests, metricDimensions }: LadderMetrics) {
  const extendedStatistic = "p95";
  if (!requests)
    return {
      namespace: metricNamespace,
      metricName: latencyMetric,
      dimensions: metricDimensions,
      extendedStatistic,
      ...above(milliseconds),
    };
  return {
    namespace: "AWS/ApplicationELB",
    metricName: "TargetResponseTime",
    dimensions: { LoadBalancer: requests.loadBalancerArnSuffix, TargetGroup: requests.targetGroupArnSuffix },
    extendedStatistic,
    ...above(milliseconds / 1000),
  };
}

function above(threshold: number) {
  return {
    comparisonOperator: "GreaterThanThreshold" as const,
    threshold,
    ...twoOfThree,
    // A service that reports nothing is not held back for it; that it is missing is another alarm's.
    treatMissingData: "notBreaching" as const,
  };
}
