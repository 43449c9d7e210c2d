// AWS components: the alarms of one database (SA-12).
import * as pulumi from "@pulumi/pulumi";
import { quarterHour } from "./alarm-shapes";
import { type InstanceClass, instanceClass, maximumConnections } from "./instance-class";
import { type Alarm, raise } from "./metric-alarm";

export interface DatabaseAlarmsArgs {
  /** Name of the instance. */
  identifier: pulumi.Input<string>;
  /** Such as `db.m7g.large`: how many connections it takes. */
  instanceClass: string;
  /** GiB it was made with. */
  storageGiB: number;
  topicArn: pulumi.Input<string>;
}

/** @throws Error for an instance class that is not in the table. */
export class DatabaseAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseAlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:DatabaseAlarms", name, {}, options);
    raise(name, databaseAlarms(args, instanceClass(args.instanceClass)), args.topicArn, this);
    this.registerOutputs({});
  }
}

const gibibyte = 1024 ** 3;

function databaseAlarms(
  { identifier, storageGiB }: DatabaseAlarmsArgs,
  hardware: InstanceClass,
): Record<string, Alarm> {
  const of = {
    namespace: "AWS/RDS",
    dimensions: { DBInstanceIdentifier: identifier },
    statistic: "Average",
    ...quarterHour,
    // RDS reports every minute; a database that is silent is gone.
    treatMissingData: "breaching",
  } as const;
  const connections = Math.floor(maximumConnections(hardware) * 0.8);
  return {
    cpu: {
      ...of,
      alarmDescription: "CPU above 80 % for a quarter of an hour",
      metricName: "CPUUtilization",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 80,
    },
    "free-storage": {
      ...of,
      alarmDescription: "less than a tenth of the storage is free: it has stopped growing",
      metricName: "FreeStorageSpace",
      comparisonOperator: "LessThanThreshold",
      threshold: Math.floor(storageGiB * gibibyte * 0.1),
    },
    connections: {
      ...of,
      alarmDescription: `more than ${connections} connections, 80 % of what the instance takes`,
      metricName: "DatabaseConnections",
      comparisonOperator: "GreaterThanThreshold",
      threshold: connections,
    },
  };
}
