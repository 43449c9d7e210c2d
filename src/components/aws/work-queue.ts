// AWS components: a queue. Encrypted, over TLS only, with a dead-letter queue and alarms; nothing in it is lost silently (CP-12, SA-6, SA-7).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as sqs from "@pulumi/aws/sqs";
import * as pulumi from "@pulumi/pulumi";
import { raise } from "./metric-alarm";
import { policyJson } from "./statements";

export interface WorkQueueArgs {
  /** KMS key of the messages' data class (SA-7). Services that send by themselves, such as S3, must be in its policy. */
  keyArn: pulumi.Input<string>;
  /** Seconds a received message stays hidden from others, 0 to 43200. */
  visibilitySeconds: number;
  /** Seconds after which the oldest message raises an alarm; default half an hour, or four times the visibility. */
  oldestSeconds?: number;
  /** Further statements of the queue policy, given the queue's ARN; they cannot lift the denial of plain HTTP. */
  statements?: (queueArn: pulumi.Output<string>) => PolicyStatement[];
  topicArn: pulumi.Input<string>;
}

/** Deliveries that fail before a message is set aside. */
const attempts = 5;

/** SQS's longest, on both queues: a week-end must not cost a message. */
const retentionSeconds = 14 * 24 * 3600;

export class WorkQueue extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  /** URL of the queue, known once its policy is in force. */
  readonly url: pulumi.Output<string>;
  /** ARN of the queue, known once its policy is in force. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: WorkQueueArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:WorkQueue", name, {}, options);
    const child = { parent: this };
    const common = { kmsMasterKeyId: args.keyArn, messageRetentionSeconds: retentionSeconds };

    const dead = new sqs.Queue(`${name}-dead`, common, child);
    const queue = new sqs.Queue(
      name,
      {
        ...common,
        visibilityTimeoutSeconds: args.visibilitySeconds,
        receiveWaitTimeSeconds: 20,
      },
      child,
    );
    // A resource of its own, so that the two queues do not wait for each other: AWS takes minutes to forget one.
    new sqs.RedrivePolicy(
      name,
      {
        queueUrl: queue.id,
        redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: attempts }),
      },
      child,
    );
    guard(`${name}-dead`, dead, [], this);
    const policy = guard(name, queue, args.statements?.(queue.arn) ?? [], this);
    raise(name, alarms(queue.name, dead.name, args), args.topicArn, this);

    const guarded = (value: pulumi.Output<string>) => pulumi.all([value, policy.id]).apply(([text]) => text);
    this.name = queue.name;
    this.url = guarded(queue.url);
    this.arn = guarded(queue.arn);
    this.registerOutputs({ url: this.url, arn: this.arn });
  }
}

function guard(name: string, queue: sqs.Queue, statements: PolicyStatement[], parent: pulumi.Resource) {
  const plainHttp: PolicyStatement = {
    Sid: "DenyPlainHttp",
    Effect: "Deny",
    Principal: "*",
    Action: "sqs:*",
    Resource: queue.arn,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return new sqs.QueuePolicy(name, { queueUrl: queue.id, policy: policyJson([plainHttp, ...statements]) }, { parent });
}

function alarms(queue: pulumi.Output<string>, dead: pulumi.Output<string>, args: WorkQueueArgs) {
  const oldest = args.oldestSeconds ?? Math.max(1800, 4 * args.visibilitySeconds);
  const common = {
    namespace: "AWS/SQS",
    statistic: "Maximum",
    comparisonOperator: "GreaterThanThreshold" as const,
    period: 60,
    // SQS stops reporting on a queue that was idle for six hours.
    treatMissingData: "notBreaching" as const,
  };
  return {
    oldest: {
      ...common,
      alarmDescription: `a message has waited for more than ${oldest} seconds: nobody takes it, or the work on it does not end`,
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: queue },
      threshold: oldest,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
    },
    dead: {
      ...common,
      alarmDescription: `a message has failed ${attempts} times and lies in the dead-letter queue for 14 days`,
      metricName: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: dead },
      threshold: 0,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
    },
  };
}
