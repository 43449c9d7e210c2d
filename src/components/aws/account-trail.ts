// AWS components: CloudTrail. Every call of the AWS API in every region, validated by signed digests, in a bucket nobody can alter (PF-2).
import * as cloudtrail from "@pulumi/aws/cloudtrail";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { type LogDestinations, LogStream } from "./log-stream";
import { SecureBucket } from "./secure-bucket";
import { serviceRole } from "./service-role";

export interface AccountTrailArgs {
  accountId: pulumi.Input<string>;
  region: string;
  /** Key of data class `logs`; its policy must hold `trailKeyStatement` (SA-7). */
  keyArn: pulumi.Input<string>;
  /** Days the bucket keeps each file, locked against deletion (SP-14, RT-23); then it is deleted. */
  retentionDays: number;
  /** Default `COMPLIANCE`. */
  lockMode?: "GOVERNANCE" | "COMPLIANCE";
  /** Least number of days the events stay in CloudWatch (RT-23). */
  logDays: number;
  sink: LogDestinations;
  /** Delete the files together with the trail. Dev only; default false. */
  forceDestroy?: boolean;
}

export class AccountTrail extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: AccountTrailArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountTrail", name, {}, options);
    const child = { parent: this };
    const bucket = new SecureBucket(
      name,
      {
        keyArn: args.keyArn,
        objectLock: { mode: args.lockMode ?? "COMPLIANCE", days: args.retentionDays },
        expirationDays: args.retentionDays,
        noncurrentDays: 1,
        statements: bucketArn => delivery(bucketArn, name, args),
        forceDestroy: args.forceDestroy,
      },
      child,
    );
    const log = new LogStream(
      name,
      { logGroupName: `/palisade/account/${name}`, retentionDays: args.logDays, keyArn: args.keyArn, sink: args.sink },
      child,
    );
    const logStreams = pulumi.interpolate`${log.logGroupArn}:log-stream:${args.accountId}_CloudTrail_*`;
    const trail = new cloudtrail.Trail(
      name,
      {
        // Fixed: the policies of the bucket and of the key name the trail.
        name,
        isMultiRegionTrail: true,
        includeGlobalServiceEvents: true,
        enableLogFileValidation: true,
        kmsKeyId: args.keyArn,
        s3BucketName: bucket.name,
        cloudWatchLogsGroupArn: pulumi.interpolate`${log.logGroupArn}:*`,
        cloudWatchLogsRoleArn: serviceRole(
          name,
          {
            service: "cloudtrail.amazonaws.com",
            condition: { StringEquals: { "aws:SourceArn": trailArn(name, args) } },
            permissions: [
              { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: logStreams },
            ],
          },
          this,
        ),
      },
      // CloudTrail tries the bucket at once; a file that came before the lock would not be locked.
      { ...child, dependsOn: [...bucket.protection] },
    );
    this.arn = trail.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

type Home = Pick<AccountTrailArgs, "accountId" | "region">;

function trailArn(name: string, { accountId, region }: Home): pulumi.Output<string> {
  return pulumi.interpolate`arn:aws:cloudtrail:${region}:${accountId}:trail/${name}`;
}

/** For the policy of the key: CloudTrail encrypts as itself, for this one trail. @param name of the `AccountTrail`. */
export function trailKeyStatement(name: string, home: Home): PolicyStatement {
  return {
    Sid: "TrailOfTheAccount",
    Effect: "Allow",
    Principal: { Service: "cloudtrail.amazonaws.com" },
    Action: ["kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceArn": trailArn(name, home) } },
  };
}

function delivery(bucketArn: pulumi.Output<string>, name: string, args: AccountTrailArgs): PolicyStatement[] {
  const cloudTrail = { Effect: "Allow" as const, Principal: { Service: "cloudtrail.amazonaws.com" } };
  const own = { "aws:SourceArn": trailArn(name, args) };
  return [
    {
      Sid: "TrailCheck",
      ...cloudTrail,
      Action: "s3:GetBucketAcl",
      Resource: bucketArn,
      Condition: { StringEquals: own },
    },
    {
      Sid: "TrailDelivery",
      ...cloudTrail,
      Action: "s3:PutObject",
      Resource: pulumi.interpolate`${bucketArn}/AWSLogs/${args.accountId}/*`,
      Condition: { StringEquals: { ...own, "s3:x-amz-acl": "bucket-owner-full-control" } },
    },
  ];
}
