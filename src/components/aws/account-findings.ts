// AWS components: findings that somebody must see at once go where alarms go (PF-2, SA-12).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";

export type FindingSource = "guardDuty" | "securityHub";

export interface AccountFindingsArgs {
  /** Services that are on. */
  sources: readonly FindingSource[];
  /** Topic whose policy admits EventBridge, as `AlarmTopic` does with `findings`. */
  topicArn: pulumi.Input<string>;
}

export class AccountFindings extends pulumi.ComponentResource {
  constructor(name: string, { sources, topicArn }: AccountFindingsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountFindings", name, {}, options);
    for (const source of sources) {
      const { description, pattern } = findings[source];
      const child = `${name}-${source.toLowerCase()}`;
      const rule = new cloudwatch.EventRule(
        child,
        { description, eventPattern: JSON.stringify(pattern) },
        { parent: this },
      );
      new cloudwatch.EventTarget(child, { rule: rule.name, arn: topicArn }, { parent: this });
    }
    this.registerOutputs({});
  }
}

/** Which findings: high and critical, and of Security Hub those that are new and not GuardDuty's, which come by themselves. */
const findings: Record<FindingSource, { description: string; pattern: Record<string, unknown> }> = {
  guardDuty: {
    description: "GuardDuty findings of severity 7 and above",
    pattern: {
      source: ["aws.guardduty"],
      "detail-type": ["GuardDuty Finding"],
      detail: { severity: [{ numeric: [">=", 7] }] },
    },
  },
  securityHub: {
    description: "New Security Hub findings of severity high and critical",
    pattern: {
      source: ["aws.securityhub"],
      "detail-type": ["Security Hub Findings - Imported"],
      detail: {
        findings: {
          ProductName: [{ "anything-but": ["GuardDuty"] }],
          Severity: { Label: ["HIGH", "CRITICAL"] },
          RecordState: ["ACTIVE"],
          Workflow: { Status: ["NEW"] },
        },
      },
    },
  },
};
