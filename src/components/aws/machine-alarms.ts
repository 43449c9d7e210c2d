// AWS components: the alarms of a machine service (CP-12, RT-5, RT-22, SA-12).
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { quarterHour, threeOfFive } from "./alarm-shapes";
import { unitsMetric, unitsOf } from "./machine-settings";
import { type Alarm, raise } from "./metric-alarm";
import { metricNamespace } from "./metrics";
import { contributorAlarms, heartbeatAlarms, objectiveAlarms } from "./objective-alarms";
import { ownLatency } from "./service-alarms";

export interface MachineAlarmsArgs {
  serviceName: string;
  service: Service;
  /** Name of the auto scaling group. */
  groupName: pulumi.Input<string>;
  /** Dimensions under which machine and process publish their metrics. */
  metricDimensions: Record<string, string>;
  /** Log group of the service's records; needed by an objective with `per`. */
  logGroupName?: pulumi.Input<string>;
  topicArn: pulumi.Input<string>;
}

export class MachineAlarms extends pulumi.ComponentResource {
  /** ARN of each alarm, by what it watches (RT-22). */
  readonly arns: Record<string, pulumi.Output<string>>;

  constructor(name: string, args: MachineAlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:MachineAlarms", name, {}, options);
    const alarms = {
      ...machineAlarms(args),
      ...ownLatency(args),
      ...heartbeatAlarms(args),
      ...objectiveAlarms(args),
      ...contributorAlarms(name, args, this),
    };
    this.arns = raise(name, alarms, args.topicArn, this);
    this.registerOutputs({ arns: this.arns });
  }
}

function machineAlarms({
  serviceName,
  service,
  groupName,
  metricDimensions,
}: MachineAlarmsArgs): Record<string, Alarm> {
  const replicas = service.scaling.minReplicas;
  const units = unitsOf(serviceName, service).length;
  const ofGroup = { AutoScalingGroupName: groupName };
  return {
    units: {
      alarmDescription: `a machine runs fewer than ${units} healthy units, or reports nothing: it did not come up, or a unit has used up its restarts (RT-5)`,
      namespace: metricNamespace,
      metricName: unitsMetric,
      dimensions: metricDimensions,
      statistic: "Minimum",
      comparisonOperator: "LessThanThreshold",
      threshold: units,
      ...threeOfFive,
      // Whatever stops a machine stops its reports.
      treatMissingData: "breaching",
    },
    machines: {
      alarmDescription: `fewer than ${replicas} machines are in service`,
      namespace: "AWS/AutoScaling",
      metricName: "GroupInServiceInstances",
      dimensions: ofGroup,
      statistic: "Minimum",
      comparisonOperator: "LessThanThreshold",
      threshold: replicas,
      ...quarterHour,
      treatMissingData: "breaching",
    },
    "status-check": {
      alarmDescription: "a machine fails EC2's status checks; the group replaces it",
      namespace: "AWS/EC2",
      metricName: "StatusCheckFailed",
      dimensions: ofGroup,
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      ...threeOfFive,
      // That a machine is missing is another alarm's.
      treatMissingData: "notBreaching",
    },
    cpu: {
      alarmDescription: "CPUUtilization above 85 % for a quarter of an hour: the machine is too small",
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      dimensions: ofGroup,
      statistic: "Average",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 85,
      ...quarterHour,
      treatMissingData: "notBreaching",
    },
  };
}
