// AWS components: the record of every decision: who approved what, and what was not released (CP-11).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { auditPatterns } from "./approval-events";
import { LogStream, type LogStreamArgs } from "./log-stream";
import { type Alarm, raise } from "./metric-alarm";
import { policyJson } from "./statements";

export interface ApprovalAuditArgs {
  workload: string;
  documentNames: pulumi.Input<string>[];
  accountId: pulumi.Input<string>;
  region: string;
  /** Log group of the evidence, below `/aws/events/`, where EventBridge looks for its own. */
  log: LogStreamArgs;
  topicArn: pulumi.Input<string>;
}

export class ApprovalAudit extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>;
  /** What must stand before the first decision is asked for. */
  readonly recording: readonly pulumi.Resource[];

  constructor(name: string, args: ApprovalAuditArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ApprovalAudit", name, {}, options);
    const log = new LogStream(name, args.log, { parent: this });
    const admission = new cloudwatch.LogResourcePolicy(
      name,
      { policyName: name, policyDocument: admitEvents(log.logGroupArn, args) },
      { parent: this },
    );
    const patterns = pulumi.all(args.documentNames).apply(names => auditPatterns(args.workload, names));
    // Structure is plain: a preview knows the rules, if not the names of the documents.
    const rules = Object.keys(auditPatterns(args.workload, [])).map(kind => {
      const rule = new cloudwatch.EventRule(
        `${name}-${kind}`,
        {
          description: `Approvals of ${args.workload}: ${kind}`,
          eventPattern: patterns.apply(of => JSON.stringify(of[kind])),
        },
        { parent: this },
      );
      const target = new cloudwatch.EventTarget(
        `${name}-${kind}`,
        { rule: rule.name, arn: log.logGroupArn },
        { parent: this, dependsOn: [admission] },
      );
      raise(`${name}-${kind}`, alarms(kind, rule.name), args.topicArn, this);
      return target;
    });

    this.logGroupName = log.logGroupName;
    this.recording = rules;
    this.registerOutputs({ logGroupName: this.logGroupName });
  }
}

function admitEvents(logGroupArn: pulumi.Output<string>, { region, accountId }: ApprovalAuditArgs) {
  return policyJson([
    {
      Effect: "Allow",
      Principal: { Service: ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: pulumi.interpolate`${logGroupArn}:*`,
      Condition: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:events:${region}:${accountId}:rule/*` },
      },
    },
  ]);
}

/** A record that could not be written must not go unseen, nor an object that waits for nothing any more. */
function alarms(kind: string, RuleName: pulumi.Output<string>): Record<string, Alarm> {
  const ring = (metricName: string, alarmDescription: string): Alarm => ({
    alarmDescription,
    namespace: "AWS/Events",
    metricName,
    dimensions: { RuleName },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 300,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    treatMissingData: "notBreaching",
  });
  const unwritten = ring("FailedInvocations", "evidence of an approval could not be written to its log group");
  if (kind !== "unreleased") return { unwritten };
  return {
    unwritten,
    ended: ring(
      "TriggeredRules",
      "an approval ended without a release: rejected, undecided for a week, stopped or broken",
    ),
  };
}
