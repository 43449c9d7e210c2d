// AWS components: how many tasks a service has, by the targets of its specification (SA-12, RT-6).
import * as appautoscaling from "@pulumi/aws/appautoscaling";
import type * as aws from "@pulumi/aws/types";
import * as pulumi from "@pulumi/pulumi";
import type { ScalingTarget } from "../../workload/operation";
import type { Service } from "../../workload/workload";
import { latencyMetric, metricNamespace, queueWaitMetric } from "./metrics";
import { QueueScaling, type QueueScalingArgs } from "./queue-scaling";

export interface ServiceAutoscalingArgs {
  scaling: Service["scaling"];
  clusterName: pulumi.Input<string>;
  /** Name of the ECS service. */
  serviceName: pulumi.Input<string>;
  /** Where the edge counts the service's requests; needed by the target `requests-per-replica`. */
  requests?: { loadBalancerArnSuffix: pulumi.Input<string>; targetGroupArnSuffix: pulumi.Input<string> };
  /** Dimensions under which the service publishes its own metrics; needed by `queue-wait` without `queues`, and `latency-p95`. */
  metricDimensions?: Record<string, string>;
  /** Queues the service takes from; `queue-wait` then follows them rather than a metric of the service's own. */
  queues?: Pick<QueueScalingArgs, "queueNames" | "warmUpSeconds">;
}

/** Out fast, in slowly: a missing task hurts users, an idle one only costs. */
const cooldowns = { scaleOutCooldown: 60, scaleInCooldown: 300 };

type TargetTracking = aws.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfiguration;

/** @throws Error if a target needs an argument that is missing. */
export class ServiceAutoscaling extends pulumi.ComponentResource {
  constructor(name: string, args: ServiceAutoscalingArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ServiceAutoscaling", name, {}, options);
    const { minimum, maximum } = capacity(args.scaling);
    const target = new appautoscaling.Target(
      name,
      {
        serviceNamespace: "ecs",
        scalableDimension: "ecs:service:DesiredCount",
        resourceId: pulumi.interpolate`service/${args.clusterName}/${args.serviceName}`,
        minCapacity: minimum,
        maxCapacity: maximum,
      },
      { parent: this },
    );
    // A fixed number of tasks is still held by the target; it has nothing to track.
    for (const scalingTarget of maximum > minimum ? args.scaling.targets : []) {
      if (scalingTarget.metric === "queue-wait" && args.queues) {
        const waitMilliseconds = scalingTarget.milliseconds;
        new QueueScaling(name, { ...args.queues, target, waitMilliseconds, minimum, maximum }, { parent: this });
        continue;
      }
      new appautoscaling.Policy(
        `${name}-${scalingTarget.metric}`,
        {
          policyType: "TargetTrackingScaling",
          serviceNamespace: target.serviceNamespace,
          scalableDimension: target.scalableDimension,
          resourceId: target.resourceId,
          targetTrackingScalingPolicyConfiguration: { ...cooldowns, ...tracking(scalingTarget, args) },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

/** Passive replicas share no load, so an active-passive service has its least number and no more (RT-30). */
export function capacity({ mode, minReplicas, maxReplicas }: Service["scaling"]): { minimum: number; maximum: number } {
  return { minimum: minReplicas, maximum: mode === "active-passive" ? minReplicas : maxReplicas };
}

function tracking(target: ScalingTarget, args: ServiceAutoscalingArgs): TargetTracking {
  switch (target.metric) {
    case "cpu":
      return predefined("ECSServiceAverageCPUUtilization", target.percent);
    case "memory":
      return predefined("ECSServiceAverageMemoryUtilization", target.percent);
    case "requests-per-replica": {
      const { loadBalancerArnSuffix, targetGroupArnSuffix } = required(args.requests, "requests", target);
      const label = pulumi.interpolate`${loadBalancerArnSuffix}/${targetGroupArnSuffix}`;
      return predefined("ALBRequestCountPerTarget", target.perMinute, label);
    }
    case "queue-wait":
      return published(queueWaitMetric, "Average", target.milliseconds, dimensions(args, target));
    case "latency-p95":
      return published(latencyMetric, "p95", target.milliseconds, dimensions(args, target));
  }
}

function predefined(metric: string, targetValue: number, resourceLabel?: pulumi.Input<string>): TargetTracking {
  return {
    targetValue,
    predefinedMetricSpecification: { predefinedMetricType: metric, ...(resourceLabel && { resourceLabel }) },
  };
}

/** As a metric query, the only form of a customised metric that takes percentiles. */
function published(metricName: string, stat: string, targetValue: number, of: { name: string; value: string }[]) {
  return {
    targetValue,
    customizedMetricSpecification: {
      metrics: [
        {
          id: "tracked",
          metricStat: { metric: { namespace: metricNamespace, metricName, dimensions: of }, stat },
          returnData: true,
        },
      ],
    },
  };
}

function dimensions(args: ServiceAutoscalingArgs, target: ScalingTarget): { name: string; value: string }[] {
  const all = required(args.metricDimensions, "metricDimensions", target);
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

function required<T>(value: T | undefined, argument: string, { metric }: ScalingTarget): T {
  if (value === undefined) throw new Error(`\`${argument}\` is missing; the scaling target \`${metric}\` needs it`);
  return value;
}
