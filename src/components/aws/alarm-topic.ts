// AWS components: where alarms go. An encrypted topic that only the account's own alarms, findings and budgets may publish to (SA-12, RT-24).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as sns from "@pulumi/aws/sns";
import * as pulumi from "@pulumi/pulumi";
import { policyJson } from "./statements";

export interface AlarmTopicArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** Key of the topic; its policy must admit `cloudwatch.amazonaws.com` (SA-7). */
  keyArn: pulumi.Input<string>;
  /** HTTPS endpoint of a pager, such as PagerDuty's integration URL. Whoever has it can raise alarms: kept as a secret (PF-7). */
  pagerEndpoint?: pulumi.Input<string>;
  /** Mail addresses; each must confirm by hand once. Default none. */
  emails?: pulumi.Input<string>[];
  /** Let EventBridge rules of the account publish as well, which bring findings; default false. The key's policy must admit `events.amazonaws.com`. */
  findings?: boolean;
}

export class AlarmTopic extends pulumi.ComponentResource {
  /** ARN of the topic, known once its policy is in force. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: AlarmTopicArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AlarmTopic", name, {}, options);
    const topic = new sns.Topic(name, { kmsMasterKeyId: args.keyArn }, { parent: this });
    const policy = new sns.TopicPolicy(
      name,
      { arn: topic.arn, policy: topicPolicy(topic.arn, args) },
      { parent: this },
    );

    if (args.pagerEndpoint !== undefined)
      new sns.TopicSubscription(
        `${name}-pager`,
        {
          topic: topic.arn,
          protocol: "https",
          endpoint: pulumi.secret(args.pagerEndpoint),
          // Pagers confirm by themselves; until then the subscription is not there.
          endpointAutoConfirms: true,
        },
        { parent: this },
      );
    for (const [i, endpoint] of (args.emails ?? []).entries())
      new sns.TopicSubscription(
        `${name}-email-${i}`,
        { topic: topic.arn, protocol: "email", endpoint },
        { parent: this },
      );

    this.arn = policy.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

function topicPolicy(topicArn: pulumi.Output<string>, args: AlarmTopicArgs): pulumi.Output<string> {
  const { region, accountId, findings } = args;
  return policyJson([
    {
      Sid: "AlarmsOfTheAccount",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: "sns:Publish",
      Resource: topicArn,
      Condition: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:cloudwatch:${region}:${accountId}:alarm:*` },
      },
    },
    ...(findings ? [findingsOfTheAccount(topicArn, args)] : []),
    {
      Sid: "BudgetsOfTheAccount",
      Effect: "Allow",
      Principal: { Service: "budgets.amazonaws.com" },
      Action: "sns:Publish",
      Resource: topicArn,
      Condition: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:budgets::${accountId}:*` },
      },
    },
    {
      Sid: "DenyPlainHttp",
      Effect: "Deny",
      Principal: "*",
      Action: "sns:Publish",
      Resource: topicArn,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ]);
}

function findingsOfTheAccount(topicArn: pulumi.Output<string>, { region, accountId }: AlarmTopicArgs): PolicyStatement {
  return {
    Sid: "FindingsOfTheAccount",
    Effect: "Allow",
    Principal: { Service: "events.amazonaws.com" },
    Action: "sns:Publish",
    Resource: topicArn,
    Condition: { ArnLike: { "aws:SourceArn": pulumi.interpolate`arn:aws:events:${region}:${accountId}:rule/*` } },
  };
}
