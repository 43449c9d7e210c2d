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
  /** Fixed name, for whoever must know it before the alarm is there; default autonamed. */
  name?: string;
  /** Who is called besides when it rings. */
  brakeArn?: pulumi.Input<string>;
};

/** Raises each alarm of the table, named `<name>-<key>`, and says when it is over. Returns the ARN of each by its key. */
export function raise(
  name: string,
  alarms: Record<string, Alarm>,
  topicArn: pulumi.Input<string>,
  parent: pulumi.Resource,
): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    Object.entries(alarms).map(([key, { brakeArn, ...alarm }]) => {
      const actions = { alarmActions: [topicArn, ...(brakeArn ? [brakeArn] : [])], okActions: [topicArn] };
      return [key, new cloudwatch.MetricAlarm(`${name}-${key}`, { ...alarm, ...actions }, { parent }).arn];
    }),
  );
}
