// AWS components: the approvals of one workload: a gate for each, one record of all, and the buckets that notify them (CP-11).
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { notifyingClass } from "../../workload/hand-off";
import type { Workload } from "../../workload/workload";
import { ApprovalAudit } from "./approval-audit";
import { ApprovalGate } from "./approval-gate";
import type { SaasFoundation } from "./saas-foundation";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import type { WorkloadBuckets } from "./workload-buckets";
import type { WorkloadQueues } from "./workload-queues";

export interface WorkloadApprovalsArgs {
  workload: Pick<Workload, "name" | "state" | "approvals">;
  buckets: WorkloadBuckets;
  queues: WorkloadQueues;
  /** ARNs of IAM roles and users of whom one must approve; needed if there are approvals. */
  approvers: readonly string[];
  foundation: Pick<SaasFoundation, "keys" | "alarmTopic" | "logSink">;
  environment: string;
  /** Commit of the release (RT-23). */
  buildSha: string;
  region: string;
  accountId: pulumi.Input<string>;
  /** Least number of days that logs are kept (RT-23). */
  logDays: number;
}

export class WorkloadApprovals extends pulumi.ComponentResource implements ServiceContributor {
  constructor(
    private readonly component: string,
    private readonly args: WorkloadApprovalsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadApprovals", component, {}, options);
    const { workload, region, accountId, foundation } = args;
    const gates = workload.approvals.map(approval => ({ ...approval, gate: this.gate(approval) }));
    if (gates.length > 0) {
      const audit = new ApprovalAudit(
        `${component}-approvals`,
        {
          workload: workload.name,
          documentNames: gates.map(({ gate }) => gate.documentName),
          accountId,
          region,
          log: this.log(`/aws/events/palisade/${args.environment}/${workload.name}/approvals`),
          topicArn: foundation.alarmTopic.arn,
        },
        { parent: this },
      );
      for (const bucket of new Set(gates.map(({ of }) => of.bucket)))
        this.notify(
          bucket,
          gates.filter(({ of }) => of.bucket === bucket),
          audit,
        );
    }
    this.registerOutputs({});
  }

  /** Who waits for an approval reads the very version that was approved, not what the key holds by then. */
  partsFor(serviceName: string): ServiceParts {
    const waits = this.args.workload.approvals.filter(({ service }) => service === serviceName);
    return {
      statements: waits.map(({ of }) => ({
        Effect: "Allow",
        Action: "s3:GetObjectVersion",
        Resource: pulumi.interpolate`${this.args.buckets.find(of.bucket).arn}/${of.prefix}*`,
      })),
    };
  }

  private gate({ name, description, of, releasesTo }: Workload["approvals"][number]): ApprovalGate {
    const { workload, buckets, queues, foundation, environment, buildSha, region, accountId, approvers } = this.args;
    return new ApprovalGate(
      `${this.component}-${name}`,
      {
        workload: workload.name,
        environment,
        buildSha,
        approval: name,
        description,
        bucket: buckets.find(of.bucket),
        prefix: of.prefix,
        keyArn: foundation.keys.arnOf(notifyingClass),
        release: { queueUrl: queues.find(releasesTo).url, roleArn: queues.releaseRoleOf(releasesTo) },
        approvers,
        region,
        accountId,
        log: this.log(`/palisade/${environment}/${workload.name}/approval-${name}`),
        topicArn: foundation.alarmTopic.arn,
        topicKeyArn: foundation.keys.arnOf("logs"),
      },
      { parent: this },
    );
  }

  private log(logGroupName: string) {
    const { foundation, logDays } = this.args;
    return {
      logGroupName,
      retentionDays: logDays,
      keyArn: foundation.keys.arnOf("logs"),
      sink: foundation.logSink,
    };
  }

  /** All notifications of a bucket are one setting of S3. */
  private notify(
    bucket: string,
    gates: (Workload["approvals"][number] & { gate: ApprovalGate })[],
    audit: ApprovalAudit,
  ): void {
    new s3.BucketNotification(
      `${this.component}-${bucket}`,
      {
        bucket: this.args.buckets.find(bucket).name,
        queues: gates.map(({ name, of, gate }) => ({
          id: name,
          queueArn: gate.handOffQueueArn,
          events: ["s3:ObjectCreated:*"],
          filterPrefix: of.prefix,
        })),
      },
      // Nobody is asked before the answer can be recorded.
      { parent: this, dependsOn: [...audit.recording] },
    );
  }
}
