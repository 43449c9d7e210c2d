// AWS components: the buckets of one workload: hand-off boundary between its services, each held to its prefixes (CP-2, CP-3).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../../workload/workload";
import { logicalName } from "./bounded-name";
import { BucketReplica } from "./bucket-replica";
import type { SaasFoundation } from "./saas-foundation";
import type { SecondRegion } from "./second-region";
import { SecureBucket } from "./secure-bucket";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { bucketRead, bucketWrite, keyUse } from "./statements";

export interface WorkloadBucketsArgs {
  buckets: Workload["state"]["buckets"];
  foundation: Pick<SaasFoundation, "keys" | "alarmTopic">;
  region: string;
  accountId: pulumi.Input<string>;
  /** Where replicated buckets have their copy; needed if there is one. */
  secondRegion?: SecondRegion;
  /** May be thrown away with all they hold: dev only. */
  disposable: boolean;
}

/** @throws Error if a bucket is replicated and `secondRegion` is missing. */
export class WorkloadBuckets extends pulumi.ComponentResource implements ServiceContributor {
  private readonly buckets: Record<string, SecureBucket>;
  /** Name of each bucket. */
  readonly names: Record<string, pulumi.Output<string>>;

  constructor(
    private readonly component: string,
    private readonly args: WorkloadBucketsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadBuckets", component, {}, options);
    this.buckets = Object.fromEntries(
      Object.entries(args.buckets).map(([name, bucket]) => [name, this.make(name, bucket)]),
    );
    this.names = Object.fromEntries(Object.entries(this.buckets).map(([name, bucket]) => [name, bucket.name]));
    this.registerOutputs({ names: this.names });
  }

  /** @throws Error if the workload has no such bucket. */
  find(name: string): SecureBucket {
    const bucket = this.buckets[name];
    if (!bucket) throw new Error(`no bucket \`${name}\`; there are ${Object.keys(this.buckets).join(", ") || "none"}`);
    return bucket;
  }

  /** What the service may do below each prefix that names it, and with the key, through S3 only (CP-3). */
  partsFor(serviceName: string): ServiceParts {
    const statements = Object.entries(this.args.buckets).flatMap(([name, { prefixes, dataClass }]) => {
      const { arn } = this.find(name);
      const reads = Object.keys(prefixes).filter(prefix => prefixes[prefix]?.readers.includes(serviceName));
      const writes = Object.keys(prefixes).filter(prefix => prefixes[prefix]?.writers.includes(serviceName));
      if (reads.length + writes.length === 0) return [];
      const keyArn = this.args.foundation.keys.arnOf(dataClass);
      return [
        ...reads.flatMap(prefix => bucketRead(arn, prefix)),
        ...writes.map(prefix => bucketWrite(arn, prefix)),
        // Who writes in parts needs to decrypt as well.
        keyUse(keyArn, "s3", this.args.region, writes.length > 0 ? ["GenerateDataKey", "Decrypt"] : ["Decrypt"]),
      ];
    });
    return { statements };
  }

  private make(name: string, bucket: Workload["state"]["buckets"][string]): SecureBucket {
    const { foundation, secondRegion, region, accountId, disposable } = this.args;
    const child = `${this.component}-${name}`;
    const keyArn = foundation.keys.arnOf(bucket.dataClass);
    const made = new SecureBucket(
      logicalName(child, "bucket"),
      {
        keyArn,
        forceDestroy: disposable,
        statements: bucketArn => [denyOutside(bucketArn, Object.keys(bucket.prefixes))],
      },
      { parent: this },
    );
    if (!bucket.replicated) return made;
    if (!secondRegion)
      throw new Error(`\`secondRegion\` is missing; bucket \`${name}\` is \`replicated\` and needs one (CP-12)`);
    new BucketReplica(
      child,
      {
        source: made,
        sourceKeyArn: keyArn,
        region,
        accountId,
        secondRegion,
        dataClass: bucket.dataClass,
        topicArn: foundation.alarmTopic.arn,
        disposable,
      },
      { parent: this },
    );
    return made;
  }
}

/** The hand-off boundary is the prefixes and nothing else, for administrators too: what lies outside has no reader to answer for it. */
function denyOutside(bucketArn: pulumi.Output<string>, prefixes: readonly string[]): PolicyStatement {
  return {
    Sid: "DenyWritesOutsidePrefixes",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    NotResource: prefixes.map(prefix => pulumi.interpolate`${bucketArn}/${prefix}*`),
  };
}
