// AWS components: the archive of compliance records, apart from that of all other logs: kept longer, and in nobody's power to shorten (SP-8, SP-14).
import * as pulumi from "@pulumi/pulumi";
import { LogSink, type LogSinkArgs } from "./log-sink";
import type { LogDestinations } from "./log-stream";

export interface ComplianceArchiveArgs extends Pick<LogSinkArgs, "accountId" | "region" | "keyArn" | "siem" | "tags"> {
  /** Days each record is kept and locked; the EU AI Act asks for six months at least (articles 19 and 26(6)). */
  retentionDays: number;
  /** May be thrown away with all it holds: dev only. Otherwise not even the account's root can delete a record. */
  disposable: boolean;
}

export class ComplianceArchive extends pulumi.ComponentResource implements LogDestinations {
  readonly bucketName: pulumi.Output<string>;
  readonly streams: LogDestinations["streams"];
  readonly subscriptionRoleArn: pulumi.Output<string>;

  constructor(name: string, args: ComplianceArchiveArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ComplianceArchive", name, {}, options);
    const { disposable, ...given } = args;
    const sink = new LogSink(
      name,
      { ...given, lockMode: disposable ? "GOVERNANCE" : "COMPLIANCE", forceDestroy: disposable },
      { parent: this },
    );
    this.bucketName = sink.bucketName;
    this.streams = sink.streams;
    this.subscriptionRoleArn = sink.subscriptionRoleArn;
    this.registerOutputs({ bucketName: this.bucketName });
  }
}
