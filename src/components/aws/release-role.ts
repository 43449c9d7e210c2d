// AWS components: the role in which an approved automation sends to a queue, and in which nothing else can act (CP-11).
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { decisionSource } from "./approval-events";
import { logicalName } from "./bounded-name";
import { keyUse, policyJson } from "./statements";

export interface ReleaseRoleArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** Name of the workload, for the description. */
  workload: string;
}

export interface ReleaseRole {
  /** For the queue's policy, which names the role before the role may use the queue. */
  arn: pulumi.Output<string>;
  /** Lets it send to a queue, and record the decision; gives the ARN once it may. */
  admitTo(queue: { queueArn: pulumi.Input<string>; keyArn: pulumi.Input<string> }): pulumi.Output<string>;
}

/** Systems Manager takes the role on for automations of this account only (confused deputy). */
export function releaseRole(name: string, args: ReleaseRoleArgs, parent: pulumi.Resource): ReleaseRole {
  const { region, accountId } = args;
  const trust: iam.PolicyStatement = {
    Effect: "Allow",
    Principal: { Service: "ssm.amazonaws.com" },
    Action: "sts:AssumeRole",
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:ssm:${region}:${accountId}:automation-execution/*` },
    },
  };
  const role = new iam.Role(
    logicalName(`${name}-release`, "role"),
    { description: `Approved automations of ${args.workload}`, assumeRolePolicy: policyJson([trust]) },
    { parent },
  );
  const permissions = (queueArn: pulumi.Input<string>, keyArn: pulumi.Input<string>): iam.PolicyStatement[] => [
    { Effect: "Allow", Action: "sqs:SendMessage", Resource: queueArn },
    keyUse(keyArn, "sqs", region, ["GenerateDataKey", "Decrypt"]),
    {
      Effect: "Allow",
      Action: "events:PutEvents",
      Resource: pulumi.interpolate`arn:aws:events:${region}:${accountId}:event-bus/default`,
      Condition: { StringEquals: { "events:source": decisionSource } },
    },
  ];
  return {
    arn: role.arn,
    admitTo({ queueArn, keyArn }) {
      const policy = new iam.RolePolicy(
        `${name}-release`,
        { role: role.name, policy: policyJson(permissions(queueArn, keyArn)) },
        { parent },
      );
      return pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
    },
  };
}
