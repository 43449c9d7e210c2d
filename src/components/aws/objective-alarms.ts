// AWS components: the alarms on what a service measures itself: its heartbeats, and the limits of its specification (RT-22, RT-24).
import type * as pulumi from "@pulumi/pulumi";
import type { MetricObjective } from "../../workload/metric";
import type { Service } from "../../workload/workload";
import { ContributorRule, worstContributor } from "./contributor-rule";
import type { Alarm } from "./metric-alarm";
import { metricNamespace } from "./metrics";

export interface Measured {
  service: Service;
  /** Dimensions under which the service publishes its own metrics. */
  metricDimensions: Record<string, string>;
  /** Log group of the service's records; needed by an objective with `per`. */
  logGroupName?: pulumi.Input<string>;
}

/** Nobody publishes, so nobody works: silence is what these are for (RT-24). */
export function heartbeatAlarms({ service, metricDimensions }: Measured): Record<string, Alarm> {
  const beats = service.metrics.filter(metric => metric.heartbeat && service.scaling.minReplicas > 0);
  return Object.fromEntries(
    beats.map(({ name }): [string, Alarm] => [
      `heartbeat-${keyOf(name)}`,
      {
        alarmDescription: `${name} has not been published for five minutes (RT-24)`,
        namespace: metricNamespace,
        metricName: name,
        dimensions: metricDimensions,
        statistic: "SampleCount",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        period: 60,
        evaluationPeriods: 5,
        datapointsToAlarm: 5,
        treatMissingData: "breaching",
      },
    ]),
  );
}

export function objectiveAlarms({ service, metricDimensions }: Measured): Record<string, Alarm> {
  return Object.fromEntries(
    service.objectives.metrics
      .filter(({ per }) => !per)
      .map((objective): [string, Alarm] => [
        `metric-${keyOf(objective.name)}`,
        {
          alarmDescription: described(objective),
          namespace: metricNamespace,
          metricName: objective.name,
          dimensions: { ...metricDimensions, ...objective.where },
          statistic: "Sum",
          ...reached(objective),
          ...once(objective.windowMinutes),
        },
      ]),
  );
}

/** One rule and one alarm per objective with `per`: every persona counts, also one that nobody knew when it was deployed (RT-22). */
export function contributorAlarms(
  name: string,
  { service, logGroupName }: Measured,
  parent: pulumi.Resource,
): Record<string, Alarm> {
  return Object.fromEntries(
    service.objectives.metrics.flatMap((objective): [string, Alarm][] => {
      if (!objective.per) return [];
      if (logGroupName === undefined)
        throw new Error(`\`logGroupName\` is missing; objective \`${objective.name}\` counts per \`${objective.per}\``);
      const key = `metric-${keyOf(objective.name)}`;
      const rule = new ContributorRule(
        `${name}-${key}`,
        { logGroupName, event: objective.name, field: objective.per },
        { parent },
      );
      const { evaluationPeriods, datapointsToAlarm, period } = once(objective.windowMinutes);
      const alarm: Alarm = {
        alarmDescription: described(objective),
        metricQueries: [worstContributor(rule, objective.per, period)],
        ...reached(objective),
        evaluationPeriods,
        datapointsToAlarm,
      };
      return [[key, alarm]];
    }),
  );
}

function described({ name, limit, windowMinutes, where, per }: MetricObjective): string {
  const values = Object.entries(where).map(([dimension, value]) => ` with ${dimension} ${value}`);
  return `${name}${values.join(" and")} has reached ${limit} in ${windowMinutes} minutes${per ? ` for one ${per}` : ""} (RT-22)`;
}

/** Allowed is what stays below the limit. Without data nothing has happened; that it is missing is the heartbeat's. */
function reached({ limit }: MetricObjective) {
  return {
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    threshold: limit,
    treatMissingData: "notBreaching",
  } as const;
}

function keyOf(metric: string): string {
  return metric.replaceAll(/[._]/g, "-");
}

/** One look at a whole window. */
function once(windowMinutes: number) {
  return { period: windowMinutes * 60, evaluationPeriods: 1, datapointsToAlarm: 1 };
}
