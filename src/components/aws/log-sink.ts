// AWS components: the log sink (PF-2, RT-23). Every log stream ends here: in an archive nobody can alter, and in the SIEM if there is one.
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as kinesis from "@pulumi/aws/kinesis";
import * as pulumi from "@pulumi/pulumi";
import type { LogDestinations } from "./log-stream";
import { SecureBucket } from "./secure-bucket";
import { serviceRole } from "./service-role";

export interface LogSinkArgs {
  /** Account the log groups and the sink are in. */
  accountId: pulumi.Input<string>;
  region: string;
  /** KMS key of data class `logs`: encrypts the archive and what is on its way there (SA-7). */
  keyArn: pulumi.Input<string>;
  /** Days the archive keeps each record, locked against deletion (SP-14, RT-23); then it is deleted. */
  retentionDays: number;
  /** Whether an administrator can lift the lock (`GOVERNANCE`) or nobody can; default `COMPLIANCE`. */
  lockMode?: "GOVERNANCE" | "COMPLIANCE";
  /** HTTPS endpoint of the SIEM that takes Firehose's delivery protocol, and the access key it knows Firehose by. */
  siem?: { url: pulumi.Input<string>; accessKey: pulumi.Input<string> };
  /** Delete the archive together with the sink. Dev only, and only with `GOVERNANCE`; default false. */
  forceDestroy?: boolean;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** Takes subscriptions of CloudWatch log groups (`LogStream`) and nothing else: their records come compressed, and are unpacked here. */
export class LogSink extends pulumi.ComponentResource implements LogDestinations {
  readonly bucketName: pulumi.Output<string>;
  readonly bucketArn: pulumi.Output<string>;
  readonly streams: Readonly<Record<string, pulumi.Output<string>>>;
  /** Names of the delivery streams, for alarms on their delivery metrics. */
  readonly streamNames: Readonly<Record<string, pulumi.Output<string>>>;
  readonly subscriptionRoleArn: pulumi.Output<string>;

  constructor(name: string, args: LogSinkArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:LogSink", name, {}, options);

    const bucket = new SecureBucket(
      `${name}-archive`,
      {
        keyArn: args.keyArn,
        objectLock: { mode: args.lockMode ?? "COMPLIANCE", days: args.retentionDays },
        expirationDays: args.retentionDays,
        noncurrentDays: 1,
        forceDestroy: args.forceDestroy,
        tags: args.tags,
      },
      { parent: this },
    );
    const deliveryRoleArn = serviceRole(
      `${name}-delivery`,
      {
        service: "firehose.amazonaws.com",
        // Firehose gives the account it acts for as external id.
        condition: { StringEquals: { "sts:ExternalId": args.accountId } },
        permissions: deliveryPermissions(bucket.arn, args),
        tags: args.tags,
      },
      this,
    );

    const stream = (purpose: string, destination: Destination): kinesis.FirehoseDeliveryStream =>
      new kinesis.FirehoseDeliveryStream(
        `${name}-${purpose}`,
        {
          ...destination,
          serverSideEncryption: { enabled: true, keyType: "CUSTOMER_MANAGED_CMK", keyArn: args.keyArn },
          tags: args.tags,
        },
        // A record that came before the lock would not be locked.
        { parent: this, dependsOn: [...bucket.protection] },
      );
    const target = { bucketArn: bucket.arn, kmsKeyArn: args.keyArn, roleArn: deliveryRoleArn };
    const streams = {
      archive: stream("archive", archive(target)),
      ...(args.siem && { siem: stream("siem", siem(target, args.siem)) }),
    };

    this.bucketName = bucket.name;
    this.bucketArn = bucket.arn;
    this.streams = mapValues(streams, s => s.arn);
    this.streamNames = mapValues(streams, s => s.name);
    this.subscriptionRoleArn = serviceRole(
      `${name}-subscription`,
      {
        service: "logs.amazonaws.com",
        condition: {
          StringEquals: { "aws:SourceAccount": args.accountId },
          ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:logs:${args.region}:${args.accountId}:*` },
        },
        permissions: [
          {
            Effect: "Allow",
            Action: ["firehose:PutRecord", "firehose:PutRecordBatch"],
            Resource: Object.values(this.streams),
          },
        ],
        tags: args.tags,
      },
      this,
    );
    this.registerOutputs({ bucketName: this.bucketName, streams: this.streams });
  }
}

type Destination = Pick<
  kinesis.FirehoseDeliveryStreamArgs,
  "destination" | "extendedS3Configuration" | "httpEndpointConfiguration"
>;

interface Target {
  bucketArn: pulumi.Input<string>;
  kmsKeyArn: pulumi.Input<string>;
  roleArn: pulumi.Input<string>;
}

const byDay = "!{timestamp:yyyy/MM/dd}/";
const errors = `errors/!{firehose:error-output-type}/${byDay}`;

/** Everything, one JSON document per line, a directory per day (UTC). */
function archive(target: Target): Destination {
  return {
    destination: "extended_s3",
    extendedS3Configuration: {
      ...target,
      prefix: `logs/${byDay}`,
      errorOutputPrefix: errors,
      compressionFormat: "GZIP",
      bufferingInterval: 60,
      bufferingSize: 5,
      processingConfiguration: {
        enabled: true,
        // CloudWatch Logs sends gzip: without the first, records would be packed twice; without the second, run together.
        processors: [
          { type: "Decompression", parameters: [{ parameterName: "CompressionFormat", parameterValue: "GZIP" }] },
          { type: "AppendDelimiterToRecord", parameters: [{ parameterName: "Delimiter", parameterValue: "\\n" }] },
        ],
      },
    },
  };
}

/** Records as CloudWatch Logs sends them, which is what SIEM intakes for Firehose expect; what they refuse for two hours goes to the archive. */
function siem(target: Target, { url, accessKey }: NonNullable<LogSinkArgs["siem"]>): Destination {
  return {
    destination: "http_endpoint",
    httpEndpointConfiguration: {
      name: "SIEM",
      url,
      accessKey: pulumi.secret(accessKey),
      roleArn: target.roleArn,
      retryDuration: 7200,
      bufferingInterval: 60,
      bufferingSize: 1,
      requestConfiguration: { contentEncoding: "GZIP" },
      s3BackupMode: "FailedDataOnly",
      s3Configuration: {
        ...target,
        prefix: `siem-failed/${byDay}`,
        errorOutputPrefix: errors,
        compressionFormat: "GZIP",
      },
    },
  };
}

/** What Firehose does in the archive's bucket, and the key only by way of S3. */
function deliveryPermissions(bucketArn: pulumi.Output<string>, { keyArn, region }: LogSinkArgs): PolicyStatement[] {
  return [
    {
      Effect: "Allow",
      Action: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
      Resource: bucketArn,
    },
    {
      Effect: "Allow",
      Action: ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
      Resource: pulumi.interpolate`${bucketArn}/*`,
    },
    {
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: keyArn,
      Condition: { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } },
    },
  ];
}

function mapValues<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
