// AWS components: how many tasks take from a queue: one more while work waits too long, none when there is none (CP-12).
import * as appautoscaling from "@pulumi/aws/appautoscaling";
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";

export interface QueueScalingArgs {
  /** What is scaled. */
  target: appautoscaling.Target;
  /** Names of the queues the service takes from; at least one. */
  queueNames: pulumi.Input<string>[];
  /** How long work may wait, in milliseconds; CloudWatch looks in whole minutes. */
  waitMilliseconds: number;
  /** Fewest and most tasks. */
  minimum: number;
  maximum: number;
  /** Seconds until a new task takes work, during which no further one is asked for; default 60. */
  warmUpSeconds?: number;
}

/** Messages waiting from which on the cap is ordered at once, not task by task. */
const rush = 10;

/** Minutes without any work, waiting or in hand, after which the last tasks go. */
const idleMinutes = 10;

/**
 * The number of waiting messages, for as long as the target allows waiting, decides; not the age of the oldest message,
 * which SQS counts for messages in hand as well, so that one long job would order a machine that has nothing to do.
 * Tasks go only when nothing is waiting and nothing is in hand: scaling in never interrupts work.
 */
export class QueueScaling extends pulumi.ComponentResource {
  constructor(name: string, args: QueueScalingArgs, options?: pulumi.ComponentResourceOptions) {
    if (args.queueNames.length === 0) throw new Error("`queueNames` is empty; scaling by queue needs at least one");
    super("palisade:aws:QueueScaling", name, {}, options);
    const { minimum, maximum } = args;

    this.step(`${name}-waiting`, args, {
      adjustmentType: "ChangeInCapacity",
      cooldown: args.warmUpSeconds ?? 60,
      // Bounds are distances from the alarm's threshold, 1.
      stepAdjustments: [
        { metricIntervalLowerBound: "0", metricIntervalUpperBound: String(rush - 1), scalingAdjustment: 1 },
        { metricIntervalLowerBound: String(rush - 1), scalingAdjustment: maximum },
      ],
      alarm: {
        alarmDescription: `work waits for longer than ${args.waitMilliseconds} ms: another task`,
        metricQueries: total(args.queueNames, ["ApproximateNumberOfMessagesVisible"]),
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        threshold: 1,
        ...minutes(Math.max(1, Math.ceil(args.waitMilliseconds / 60_000))),
        treatMissingData: "notBreaching",
      },
    });
    this.step(`${name}-idle`, args, {
      adjustmentType: "ExactCapacity",
      cooldown: 60,
      stepAdjustments: [{ metricIntervalUpperBound: "0", scalingAdjustment: minimum }],
      alarm: {
        alarmDescription: `no work for ${idleMinutes} minutes: back to ${minimum} tasks`,
        metricQueries: total(args.queueNames, [
          "ApproximateNumberOfMessagesVisible",
          "ApproximateNumberOfMessagesNotVisible",
        ]),
        comparisonOperator: "LessThanOrEqualToThreshold",
        threshold: 0,
        ...minutes(idleMinutes),
        // SQS says nothing about a queue that was idle for six hours: no word is no work.
        treatMissingData: "breaching",
      },
    });
    this.registerOutputs({});
  }

  private step(name: string, { target }: QueueScalingArgs, { alarm, ...steps }: Step): void {
    const policy = new appautoscaling.Policy(
      name,
      {
        policyType: "StepScaling",
        serviceNamespace: target.serviceNamespace,
        scalableDimension: target.scalableDimension,
        resourceId: target.resourceId,
        stepScalingPolicyConfiguration: { ...steps, metricAggregationType: "Maximum" },
      },
      { parent: this },
    );
    // A state of normal life: it moves the autoscaler and calls nobody.
    new cloudwatch.MetricAlarm(name, { ...alarm, alarmActions: [policy.arn] }, { parent: this });
  }
}

interface Step {
  adjustmentType: "ChangeInCapacity" | "ExactCapacity";
  cooldown: number;
  stepAdjustments: {
    metricIntervalLowerBound?: string;
    metricIntervalUpperBound?: string;
    scalingAdjustment: number;
  }[];
  alarm: cloudwatch.MetricAlarmArgs;
}

function minutes(count: number) {
  return { evaluationPeriods: count, datapointsToAlarm: count };
}

/** One sum over all queues; a queue that reports nothing counts as empty. */
function total(queueNames: pulumi.Input<string>[], metricNames: string[]) {
  const metrics = queueNames.flatMap((QueueName, q) =>
    metricNames.map((metricName, m) => ({
      id: `q${q}m${m}`,
      metric: { namespace: "AWS/SQS", metricName, dimensions: { QueueName }, stat: "Maximum", period: 60 },
    })),
  );
  const expression = metrics.map(({ id }) => `FILL(${id}, 0)`).join(" + ");
  return [{ id: "work", label: "messages", expression, returnData: true }, ...metrics];
}
