// AWS components: the archive of compliance records, apart from that of all other logs: kept longer, and in nobody's power to shorten (SP-8, SP-14).
import * as pulumi from "@pulumi/pulumi";
import { LogSink, type LogSinkArgs } from "./log-sink";
import type { LogDestinations } from "./log-stream";
import { type Alarm, raise } from "./metric-alarm";

export interface ComplianceArchiveArgs extends Pick<LogSinkArgs, "accountId" | "region" | "keyArn" | "siem" | "tags"> {
  /** Days each record is kept and locked; the EU AI Act asks for six months at least (articles 19 and 26(6)). */
  retentionDays: number;
  /** May be thrown away with all it holds: dev only. Otherwise not even the account's root can delete a record. */
  disposable: boolean;
  /** Topic of the alarm that rings when records do not reach the archive. */
  topicArn: pulumi.Input<string>;
}

export class ComplianceArchive extends pulumi.ComponentResource implements LogDestinations {
  readonly bucketName: pulumi.Output<string>;
  readonly streams: LogDestinations["streams"];
  readonly subscriptionRoleArn: pulumi.Output<string>;

  constructor(name: string, args: ComplianceArchiveArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ComplianceArchive", name, {}, options);
    const { disposable, topicArn, ...given } = args;
    const sink = new LogSink(
      name,
      { ...given, lockMode: disposable ? "GOVERNANCE" : "COMPLIANCE", forceDestroy: disposable },
      { parent: this },
    );
    raise(name, lateness(sink), topicArn, this);
    this.bucketName = sink.bucketName;
    this.streams = sink.streams;
    this.subscriptionRoleArn = sink.subscriptionRoleArn;
    this.registerOutputs({ bucketName: this.bucketName });
  }
}

/** Records wait for a minute or two; what waits for a quarter of an hour is not getting through. */
function lateness({ streamNames }: LogSink): Record<string, Alarm> {
  return {
    late: {
      alarmDescription: "compliance records have waited a quarter of an hour for their archive (SP-14)",
      namespace: "AWS/Firehose",
      metricName: "DeliveryToS3.DataFreshness",
      dimensions: { DeliveryStreamName: streamNames.archive ?? "" },
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 900,
      period: 300,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // Nothing to deliver, nothing late.
      treatMissingData: "notBreaching",
    },
  };
}
