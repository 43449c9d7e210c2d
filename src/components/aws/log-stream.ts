// AWS components: a log stream. One log group of fixed name, encrypted, kept as long as asked, and sent on to the log sink (RT-23, IS-6).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";

/** Where subscriptions deliver to; a `LogSink` is one. */
export interface LogDestinations {
  /** Delivery streams by purpose. Structure is plain, so that a preview knows how many subscriptions there will be. */
  readonly streams: Readonly<Record<string, pulumi.Output<string>>>;
  /** Role with which CloudWatch Logs writes to them. */
  readonly subscriptionRoleArn: pulumi.Output<string>;
}

export interface LogStreamArgs {
  /** Fixed name, such as `/palisade/prod/sanctum/backend`: agents, metric filters and people look for it. */
  logGroupName: pulumi.Input<string>;
  /** Least number of days the events stay in CloudWatch; the next period CloudWatch knows is taken (RT-23). */
  retentionDays: number;
  /** KMS key that encrypts the events (SA-7); its policy must admit `logs.<region>.amazonaws.com`. */
  keyArn: pulumi.Input<string>;
  /** Sink every event is sent to besides; left out: the events stay in CloudWatch only. At most two streams. */
  sink?: LogDestinations;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** @throws Error if CloudWatch cannot have such a name or retention, or the sink has more than two streams. */
export class LogStream extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>;
  /** ARN of the log group, without the `:*` that IAM resources end in. */
  readonly logGroupArn: pulumi.Output<string>;

  constructor(name: string, args: LogStreamArgs, options?: pulumi.ComponentResourceOptions) {
    if (typeof args.logGroupName === "string") requireLogGroupName(args.logGroupName);
    const streams = Object.entries(args.sink?.streams ?? {});
    if (streams.length > 2)
      throw new Error(`\`sink\` has ${streams.length} streams; CloudWatch Logs allows two subscriptions per log group`);
    const retentionInDays = cloudwatchRetention(args.retentionDays);
    super("palisade:aws:LogStream", name, {}, options);

    const group = new cloudwatch.LogGroup(
      name,
      {
        name: args.logGroupName,
        retentionInDays,
        kmsKeyId: args.keyArn,
        tags: args.tags,
      },
      { parent: this },
    );
    for (const [purpose, destinationArn] of streams)
      new cloudwatch.LogSubscriptionFilter(
        `${name}-${purpose}`,
        {
          logGroup: group.name,
          // The empty pattern matches every event.
          filterPattern: "",
          destinationArn,
          roleArn: args.sink?.subscriptionRoleArn,
        },
        { parent: this },
      );

    this.logGroupName = group.name;
    this.logGroupArn = group.arn;
    this.registerOutputs({ logGroupName: this.logGroupName, logGroupArn: this.logGroupArn });
  }
}

/** Retention periods of CloudWatch Logs, in days: it takes these and no others. */
const retentionPeriods = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/**
 * The shortest retention period of CloudWatch Logs that is not below `days`.
 * @throws Error if there is none: below one day, or above ten years (3653 days).
 */
export function cloudwatchRetention(days: number): number {
  const period = days >= 1 ? retentionPeriods.find(period => period >= days) : undefined;
  if (period === undefined)
    throw new Error(`\`retentionDays\` is ${days}; CloudWatch Logs keeps events for 1 to 3653 days`);
  return period;
}

function requireLogGroupName(name: string): void {
  if (!/^[\w./#-]{1,512}$/.test(name))
    throw new Error(
      `\`logGroupName\` is \`${name}\`; allowed are 1 to 512 letters, digits and the characters \`_ - / . #\``,
    );
}
