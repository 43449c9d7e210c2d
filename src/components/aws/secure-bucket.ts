// AWS components: a bucket. Private, versioned, encrypted, reached over TLS 1.2 or later only (SA-6, SA-7); every bucket of the platform is one of these.
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { policyJson } from "./statements";

export interface SecureBucketArgs {
  /**
   * KMS key that encrypts the objects (SA-7). Left out: SSE-S3 (AES-256 with keys S3 holds), which only access logs of
   * load balancers need, because Elastic Load Balancing cannot write to a bucket encrypted with KMS.
   */
  keyArn?: pulumi.Input<string>;
  /**
   * Write once, read many: no version can be deleted or overwritten for so many days after its creation (SP-14).
   * `GOVERNANCE` can be lifted with `s3:BypassGovernanceRetention`; `COMPLIANCE` by nobody, the account's root included.
   */
  objectLock?: { mode: "GOVERNANCE" | "COMPLIANCE"; days: number };
  /** Days after which a current version expires; left out: never. Not before the lock ends. */
  expirationDays?: number;
  /** Days an overwritten or deleted version is kept; default 90. */
  noncurrentDays?: number;
  /** Further statements of the bucket policy, given the bucket's ARN; they cannot lift the denials. */
  statements?: (bucketArn: pulumi.Output<string>) => PolicyStatement[];
  /** Delete the objects together with the bucket. Dev only; default false. */
  forceDestroy?: boolean;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** @throws Error if the lock, the expiry and `forceDestroy` contradict each other. */
export class SecureBucket extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** Such as `<name>.s3.eu-central-1.amazonaws.com`. */
  readonly regionalDomainName: pulumi.Output<string>;
  /**
   * Policy, encryption, versioning and lock: whatever writes to the bucket depends on them, or its first objects would be
   * without. The lifecycle rules, which AWS takes a minute to settle, need not be waited for.
   */
  readonly protection: readonly pulumi.Resource[];

  constructor(name: string, args: SecureBucketArgs, options?: pulumi.ComponentResourceOptions) {
    requireConsistent(args);
    super("palisade:aws:SecureBucket", name, {}, options);

    const bucket = new s3.Bucket(
      name,
      {
        // Object Lock can only be switched on while a bucket is being created.
        ...(args.objectLock && { objectLockEnabled: true }),
        forceDestroy: args.forceDestroy ?? false,
        tags: args.tags,
      },
      { parent: this },
    );
    // From the name rather than `bucket.arn`: a preview knows the name already and can show the policy.
    this.arn = pulumi.interpolate`arn:aws:s3:::${bucket.bucket}`;

    const of = { bucket: bucket.id };
    // Gone together with the bucket and not before it: a failed deletion must not leave a bucket without its protection.
    const child = { parent: this, deletedWith: bucket };
    const access = new s3.BucketPublicAccessBlock(
      name,
      { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      child,
    );
    // S3 answers a conflict to changes of access that come at the same time, so they come one after the other.
    const ownership = new s3.BucketOwnershipControls(
      name,
      { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } },
      { ...child, dependsOn: [access] },
    );
    const policy = new s3.BucketPolicy(
      name,
      {
        ...of,
        policy: policyJson([...denials(this.arn, args.keyArn !== undefined), ...(args.statements?.(this.arn) ?? [])]),
      },
      { ...child, dependsOn: [ownership] },
    );
    const encrypted = new s3.BucketServerSideEncryptionConfiguration(
      name,
      { ...of, rules: [encryption(args.keyArn)] },
      child,
    );
    const versioning = new s3.BucketVersioning(name, { ...of, versioningConfiguration: { status: "Enabled" } }, child);
    const lock =
      args.objectLock &&
      new s3.BucketObjectLockConfiguration(
        name,
        { ...of, rule: { defaultRetention: args.objectLock } },
        { ...child, dependsOn: [versioning] },
      );
    new s3.BucketLifecycleConfiguration(
      name,
      { ...of, rules: [lifecycle(args)] },
      // Rules about noncurrent versions are accepted only once there can be some.
      { ...child, dependsOn: [versioning] },
    );

    this.name = bucket.bucket;
    this.regionalDomainName = bucket.bucketRegionalDomainName;
    this.protection = [policy, encrypted, versioning, ...(lock ? [lock] : [])];
    this.registerOutputs({ name: this.name, arn: this.arn });
  }
}

/** What no other statement can allow. */
function denials(bucketArn: pulumi.Output<string>, kms: boolean): PolicyStatement[] {
  const objects = pulumi.interpolate`${bucketArn}/*`;
  const everyone = { Effect: "Deny" as const, Principal: "*" as const };
  const always: PolicyStatement[] = [
    {
      Sid: "DenyPlainHttp",
      ...everyone,
      Action: "s3:*",
      Resource: [bucketArn, objects],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    {
      Sid: "DenyOldTls",
      ...everyone,
      Action: "s3:*",
      Resource: [bucketArn, objects],
      Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } },
    },
  ];
  if (!kms) return always;
  // A writer may leave the choice of encryption to the bucket, but not make another.
  return [
    ...always,
    {
      Sid: "DenyOtherEncryption",
      ...everyone,
      Action: "s3:PutObject",
      Resource: objects,
      Condition: {
        Null: { "s3:x-amz-server-side-encryption": "false" },
        StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" },
      },
    },
    {
      Sid: "DenyCustomerProvidedKeys",
      ...everyone,
      Action: "s3:PutObject",
      Resource: objects,
      Condition: { Null: { "s3:x-amz-server-side-encryption-customer-algorithm": "false" } },
    },
  ];
}

function encryption(keyArn: pulumi.Input<string> | undefined) {
  return keyArn === undefined
    ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
    : {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
        // A short-lived key per bucket instead of a KMS call per object.
        bucketKeyEnabled: true,
      };
}

function lifecycle({ expirationDays, noncurrentDays }: SecureBucketArgs) {
  return {
    id: "retention",
    status: "Enabled",
    // An empty filter: all objects.
    filter: {},
    noncurrentVersionExpiration: { noncurrentDays: noncurrentDays ?? 90 },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    ...(expirationDays !== undefined && { expiration: { days: expirationDays } }),
  };
}

function requireConsistent({ objectLock, expirationDays, forceDestroy }: SecureBucketArgs): void {
  if (objectLock && (!Number.isInteger(objectLock.days) || objectLock.days < 1))
    throw new Error(`\`objectLock.days\` is ${objectLock.days}; allowed are whole days from 1`);
  if (objectLock && expirationDays !== undefined && expirationDays < objectLock.days)
    throw new Error(
      `\`expirationDays\` is ${expirationDays}, before the lock ends; allowed are ${objectLock.days} (\`objectLock.days\`) or more`,
    );
  if (objectLock?.mode === "COMPLIANCE" && forceDestroy)
    throw new Error("`forceDestroy` cannot delete what `objectLock.mode` `COMPLIANCE` keeps; allowed is `GOVERNANCE`");
}
