// AWS components: the state backend (PF-8). Where Pulumi keeps the state of shared stacks: encrypted, versioned, locked.
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as kms from "@pulumi/aws/kms";
import * as pulumi from "@pulumi/pulumi";
import { administration } from "./keys";
import { SecureBucket } from "./secure-bucket";
import { policyJson } from "./statements";

export interface StateBackendArgs {
  /** Account that owns the state and administers its key. */
  accountId: pulumi.Input<string>;
  region: string;
  /**
   * The only principals that may touch the state or use its key, by role ARN (pipeline, administrators); the one that
   * deploys this backend must be among them. Default: whoever has the permission by IAM.
   */
  principals?: readonly pulumi.Input<string>[];
  /** Days an earlier state can be gone back to; default 365. */
  noncurrentDays?: number;
  /** Days the deleted key can still be called back, 7 to 30; default 30. After them no state can be read. */
  deletionWindowDays?: number;
  /** Delete the state together with the backend. Dev only; default false. */
  forceDestroy?: boolean;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/**
 * One backend per account and region. Its own stack is kept elsewhere, such as in a local backend.
 *
 * The engine locks by writing objects below `.pulumi/locks/` of the same bucket before an update and deleting them after
 * it, so the bucket has no Object Lock; versioning keeps what is overwritten or deleted.
 * @throws Error if `principals` is empty.
 */
export class StateBackend extends pulumi.ComponentResource {
  /** For `pulumi login`. */
  readonly url: pulumi.Output<string>;
  /** For `pulumi stack init --secrets-provider`: secrets in the state are encrypted a second time, with the key. */
  readonly secretsProvider: pulumi.Output<string>;
  readonly bucketArn: pulumi.Output<string>;
  readonly keyArn: pulumi.Output<string>;

  constructor(name: string, args: StateBackendArgs, options?: pulumi.ComponentResourceOptions) {
    const { principals, region, tags } = args;
    if (principals?.length === 0)
      throw new Error(
        "`principals` is empty, so nobody could deploy; allowed is one ARN or more, or none of the argument",
      );
    super("palisade:aws:StateBackend", name, {}, options);

    const key = new kms.Key(
      name,
      {
        description: "Palisade: state of shared stacks",
        policy: policyJson([administration(args), ...(principals ? [denyUse(principals)] : [])]),
        enableKeyRotation: true,
        deletionWindowInDays: args.deletionWindowDays ?? 30,
        tags,
      },
      { parent: this },
    );
    const alias = new kms.Alias(name, { name: "alias/palisade/state", targetKeyId: key.keyId }, { parent: this });
    const bucket = new SecureBucket(
      name,
      {
        keyArn: key.arn,
        noncurrentDays: args.noncurrentDays ?? 365,
        statements: bucketArn => (principals ? [denyAccess(bucketArn, principals)] : []),
        forceDestroy: args.forceDestroy,
        tags,
      },
      { parent: this },
    );

    this.url = pulumi.interpolate`s3://${bucket.name}?region=${region}&awssdk=v2`;
    this.secretsProvider = pulumi.interpolate`awskms:///${alias.name}?region=${region}&awssdk=v2`;
    this.bucketArn = bucket.arn;
    this.keyArn = key.arn;
    this.registerOutputs({ url: this.url, secretsProvider: this.secretsProvider });
  }
}

const othersThan = (principals: readonly pulumi.Input<string>[]) => ({
  ArnNotLike: { "aws:PrincipalArn": [...principals] },
});

/** Reading and writing with the key; administering it stays possible, so that a wrong list can be mended. */
function denyUse(principals: readonly pulumi.Input<string>[]): PolicyStatement {
  return {
    Sid: "DenyUseByOthers",
    Effect: "Deny",
    Principal: "*",
    Action: ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant"],
    Resource: "*",
    Condition: othersThan(principals),
  };
}

function denyAccess(bucketArn: pulumi.Output<string>, principals: readonly pulumi.Input<string>[]): PolicyStatement {
  return {
    Sid: "DenyAccessByOthers",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
    Condition: othersThan(principals),
  };
}
