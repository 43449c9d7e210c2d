import { beforeAll, describe, expect, test } from "vitest";
import { WorkQueue } from "../../../src/components/aws/work-queue";
import { only, type Registered } from "../record";
import { recordPipeline } from "./pipeline-stack";
import { policyOf, statement } from "./reading";
import { recordTypes } from "./samples";

const types = [
  "aws:sqs/queue:Queue",
  "aws:sqs/queuePolicy:QueuePolicy",
  "aws:sqs/redrivePolicy:RedrivePolicy",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
];
const queueArgs = { keyArn: "arn:key", visibilitySeconds: 60, topicArn: "arn:topic" };
const build = (changes = {}) => recordTypes(types, () => new WorkQueue("jobs", { ...queueArgs, ...changes }));

describe("a queue", () => {
  test("is encrypted, sets a message aside after five failures and keeps it for two weeks (CP-12, SA-7)", async () => {
    const all = await build();
    const queue = only(all, "aws:sqs/queue:Queue", "jobs").inputs;
    expect(queue).toMatchObject({ kmsMasterKeyId: "arn:key", visibilityTimeoutSeconds: 60 });
    expect(JSON.parse(String(only(all, "aws:sqs/redrivePolicy:RedrivePolicy").inputs.redrivePolicy))).toEqual({
      deadLetterTargetArn: "arn:aws:mock:::jobs-dead",
      maxReceiveCount: 5,
    });
    expect(only(all, "aws:sqs/queue:Queue", "jobs-dead").inputs).toMatchObject({
      kmsMasterKeyId: "arn:key",
      messageRetentionSeconds: 1_209_600,
    });
  });

  test("takes no plain HTTP, and neither does its dead-letter queue (SA-6)", async () => {
    const all = await build();
    for (const name of ["jobs", "jobs-dead"])
      expect(statement(only(all, "aws:sqs/queuePolicy:QueuePolicy", name), "DenyPlainHttp")).toMatchObject({
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Resource: `arn:aws:mock:::${name}`,
      });
  });

  test.each([
    [60, undefined, 1800],
    [1800, undefined, 7200],
    [1800, 300, 300],
  ])(
    "visible again after %i s: the oldest message rings after %s s, or %i",
    async (visibilitySeconds, oldestSeconds, rings) => {
      const alarm = only(
        await build({ visibilitySeconds, oldestSeconds }),
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "jobs-oldest",
      );
      expect(alarm.inputs).toMatchObject({ metricName: "ApproximateAgeOfOldestMessage", threshold: rings });
    },
  );

  test("one dead letter rings", async () => {
    const alarm = only(await build(), "aws:cloudwatch/metricAlarm:MetricAlarm", "jobs-dead");
    expect(alarm.inputs).toMatchObject({ threshold: 0, alarmActions: ["arn:topic"], evaluationPeriods: 1 });
  });
});

describe("the queues of a workload", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await recordPipeline();
  });
  const may = (service: string) =>
    all
      .filter(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === `pipeline-dev-${service}`)
      .flatMap(r => policyOf(r))
      .flatMap(s => [s.Action].flat())
      .filter(action => action.startsWith("sqs:"));

  test("a consumer takes and cannot send; whoever is neither can do nothing (CP-3)", () => {
    expect(may("renderer")).toEqual([
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes",
    ]);
    expect(may("editorbot")).toEqual([]);
  });

  test("the consumer is told where its queue is, and nobody else", () => {
    const definition = (service: string) =>
      String(only(all, "aws:ecs/taskDefinition:TaskDefinition", `pipeline-dev-${service}`).inputs.containerDefinitions);
    expect(definition("renderer")).toContain("QUEUE_RENDER_URL");
    expect(definition("editorbot")).not.toContain("QUEUE_");
  });

  test("a released queue takes messages from the approval's automation and nobody else, whatever they may (CP-11)", () => {
    const policy = only(all, "aws:sqs/queuePolicy:QueuePolicy", "pipeline-dev-render");
    expect(statement(policy, "DenyAllButTheApproval")).toMatchObject({
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:SendMessage",
      Condition: { ArnNotEquals: { "aws:PrincipalArn": "arn:aws:mock:::pipeline-dev-render-release" } },
    });
  });

  test("services reach SQS without the internet (SP-13)", () => {
    const endpoints = all.filter(r => r.type === "aws:ec2/vpcEndpoint:VpcEndpoint").map(r => r.inputs.serviceName);
    for (const service of ["sqs", "ecs", "ecs-agent", "ecs-telemetry"])
      expect(endpoints).toContain(`com.amazonaws.eu-central-1.${service}`);
  });
});
