// AWS components: AWS Config. The configuration of every resource of the account in this region, and each of its changes (PF-2).
import * as cfg from "@pulumi/aws/cfg";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { SecureBucket } from "./secure-bucket";
import { keyUse, policyJson } from "./statements";

export interface AccountConfigArgs {
  accountId: pulumi.Input<string>;
  region: string;
  /** Key of data class `logs` (SA-7). */
  keyArn: pulumi.Input<string>;
  /** Days the bucket keeps each snapshot and history (RT-23). */
  retentionDays: number;
  /** Delete the files together with the recorder. Dev only; default false. */
  forceDestroy?: boolean;
}

/** One recorder and one delivery channel are all that AWS allows in an account and region. */
export class AccountConfig extends pulumi.ComponentResource {
  readonly recorderName: pulumi.Output<string>;

  constructor(name: string, args: AccountConfigArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountConfig", name, {}, options);
    const child = { parent: this };
    const bucket = new SecureBucket(
      name,
      {
        // No lock: AWS Config does not deliver to a bucket with default retention. Older versions stay as long as files do.
        keyArn: args.keyArn,
        expirationDays: args.retentionDays,
        noncurrentDays: args.retentionDays,
        forceDestroy: args.forceDestroy,
      },
      child,
    );
    const role = new iam.Role(name, { assumeRolePolicy: policyJson([trust(args)]) }, child);
    const permissions = [
      new iam.RolePolicy(name, { role: role.id, policy: policyJson(delivery(bucket.arn, args)) }, child),
      // Reads the configuration of everything Config knows; AWS keeps the list with its new resource types.
      new iam.RolePolicyAttachment(
        name,
        { role: role.name, policyArn: "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole" },
        child,
      ),
    ];
    const recorder = new cfg.Recorder(
      name,
      { roleArn: role.arn, recordingGroup: { allSupported: true, includeGlobalResourceTypes: true } },
      { ...child, dependsOn: permissions },
    );
    const channel = new cfg.DeliveryChannel(
      name,
      {
        s3BucketName: bucket.name,
        s3KmsKeyArn: args.keyArn,
        snapshotDeliveryProperties: { deliveryFrequency: "TwentyFour_Hours" },
      },
      // A channel needs its recorder, and tries the bucket at once.
      { ...child, dependsOn: [recorder, ...bucket.protection] },
    );
    // A recorder records only once it is started, and starts only with a channel.
    new cfg.RecorderStatus(name, { name: recorder.name, isEnabled: true }, { ...child, dependsOn: [channel] });
    this.recorderName = recorder.name;
    this.registerOutputs({ recorderName: this.recorderName });
  }
}

function trust({ accountId }: AccountConfigArgs): PolicyStatement {
  return {
    Effect: "Allow",
    Principal: { Service: "config.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "aws:SourceAccount": accountId } },
  };
}

function delivery(bucketArn: pulumi.Output<string>, args: AccountConfigArgs): PolicyStatement[] {
  return [
    { Effect: "Allow", Action: ["s3:GetBucketAcl", "s3:ListBucket"], Resource: bucketArn },
    {
      Effect: "Allow",
      Action: "s3:PutObject",
      Resource: pulumi.interpolate`${bucketArn}/AWSLogs/${args.accountId}/*`,
    },
    keyUse(args.keyArn, "s3", args.region, ["Decrypt", "GenerateDataKey"]),
  ];
}
