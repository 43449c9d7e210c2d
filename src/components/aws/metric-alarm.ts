// AWS components: an alarm as data, and the one way it is raised.
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as pulumi from "@pulumi/pulumi";

/** An alarm without its name and actions. What silence means is always said. */
export type Alarm = Pick<
  cloudwatch.MetricAlarmArgs,
  | "threshold"
  | "namespace"
  | "metricName"
  | "dimensions"
  | "period"
  | "statistic"
  | "extendedStatistic"
  | "metricQueries"
> & {
  alarmDescription: string;
  comparisonOperator:
    | "GreaterThanThreshold"
    | "GreaterThanOrEqualToThreshold"
    | "LessThanThreshold"
    | "LessThanOrEqualToThreshold";
  /** Periods looked at, and how many of them must breach. */
  evaluationPeriods: number;
  datapointsToAlarm: number;
  treatMissingData: "breaching" | "notBreaching";
};

/** Raises each alarm of the table, named `<name>-<key>`, and says when it is over. */
export function raise(
  name: string,
  alarms: Record<string, Alarm>,
  topicArn: pulumi.Input<string>,
  parent: pulumi.Resource,
): void {
  for (const [key, alarm] of Object.entries(alarms))
    new cloudwatch.MetricAlarm(
      `${name}-${key}`,
      { ...alarm, alarmActions: [topicArn], okActions: [topicArn] },
      { parent },
    );
}
