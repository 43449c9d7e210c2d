// AWS components: the copy of a bucket in the second region: its own key, a role for S3, alarms if it falls behind (CP-12).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import type { DataClass } from "../../workload/names";
import { logicalName } from "./bounded-name";
import { type Alarm, raise } from "./metric-alarm";
import type { SecondRegion } from "./second-region";
import { SecureBucket } from "./secure-bucket";
import { serviceRole } from "./service-role";

export interface BucketReplicaArgs {
  source: SecureBucket;
  sourceKeyArn: pulumi.Input<string>;
  /** Region and account of the source. */
  region: string;
  accountId: pulumi.Input<string>;
  secondRegion: Pick<SecondRegion, "region" | "keys" | "alarmTopic" | "provider">;
  dataClass: DataClass;
  /** Alarms of the source's region. */
  topicArn: pulumi.Input<string>;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
}

const ruleId = "everything";

/** New versions and delete markers are copied; deleting a version is not, so that a deletion by mistake or malice stops here. */
export class BucketReplica extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: BucketReplicaArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:BucketReplica", name, {}, options);
    const { source, secondRegion } = args;
    const replicaKeyArn = secondRegion.keys.arnOf(args.dataClass);
    const there = { parent: this, provider: secondRegion.provider };

    const replica = new SecureBucket(
      logicalName(`${name}-replica`, "bucket"),
      { keyArn: replicaKeyArn, forceDestroy: args.disposable },
      there,
    );
    const roleArn = serviceRole(
      logicalName(`${name}-replication`, "role"),
      {
        service: "s3.amazonaws.com",
        condition: {
          StringEquals: { "aws:SourceAccount": args.accountId },
          ArnEquals: { "aws:SourceArn": source.arn },
        },
        permissions: replicationPermissions(replica.arn, replicaKeyArn, args),
      },
      this,
    );
    new s3.BucketReplicationConfig(
      name,
      { bucket: source.name, role: roleArn, rules: [rule(replica.arn, replicaKeyArn)] },
      // Both sides must have versions.
      { parent: this, dependsOn: [...source.protection, ...replica.protection] },
    );

    const dimensions = { SourceBucket: source.name, DestinationBucket: replica.name, RuleId: ruleId };
    raise(name, { "replication-failed": failed(dimensions) }, args.topicArn, this);
    // As a child of the copy it stands in the copy's region, where CloudWatch has the metric.
    raise(name, { "replication-latency": latency(dimensions) }, secondRegion.alarmTopic.arn, replica);

    this.name = replica.name;
    this.registerOutputs({ name: this.name });
  }
}

function rule(replicaArn: pulumi.Output<string>, replicaKmsKeyId: pulumi.Output<string>) {
  return {
    id: ruleId,
    status: "Enabled",
    priority: 0,
    // An empty filter: all objects.
    filter: {},
    deleteMarkerReplication: { status: "Enabled" },
    sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
    destination: {
      bucket: replicaArn,
      encryptionConfiguration: { replicaKmsKeyId },
      // Replication time control: 15 minutes for 99.99 % of objects, and the metrics the alarms are made from.
      replicationTime: { status: "Enabled", time: { minutes: 15 } },
      metrics: { status: "Enabled", eventThreshold: { minutes: 15 } },
    },
  };
}

/** Read versions there, write copies here, each with its key and only by way of S3 of that region. */
function replicationPermissions(
  replicaArn: pulumi.Output<string>,
  replicaKeyArn: pulumi.Output<string>,
  { source, sourceKeyArn, region, secondRegion }: BucketReplicaArgs,
): PolicyStatement[] {
  const viaS3 = (of: string) => ({ StringEquals: { "kms:ViaService": `s3.${of}.amazonaws.com` } });
  return [
    { Effect: "Allow", Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"], Resource: source.arn },
    {
      Effect: "Allow",
      Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
      Resource: pulumi.interpolate`${source.arn}/*`,
    },
    {
      Effect: "Allow",
      Action: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
      Resource: pulumi.interpolate`${replicaArn}/*`,
    },
    { Effect: "Allow", Action: "kms:Decrypt", Resource: sourceKeyArn, Condition: viaS3(region) },
    {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:GenerateDataKey"],
      Resource: replicaKeyArn,
      Condition: viaS3(secondRegion.region),
    },
  ];
}

type Dimensions = Record<string, pulumi.Input<string>>;

function failed(dimensions: Dimensions): Alarm {
  return {
    alarmDescription: "an object could not be copied to the second region",
    namespace: "AWS/S3",
    metricName: "OperationsFailedReplication",
    dimensions,
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 300,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    treatMissingData: "notBreaching",
  };
}

function latency(dimensions: Dimensions): Alarm {
  return {
    alarmDescription: "the copy in the second region is more than 15 minutes behind",
    namespace: "AWS/S3",
    metricName: "ReplicationLatency",
    dimensions,
    statistic: "Maximum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 900,
    period: 60,
    evaluationPeriods: 5,
    datapointsToAlarm: 5,
    // Nothing is reported while nothing waits to be copied.
    treatMissingData: "notBreaching",
  };
}
