import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { ServiceAutoscaling } from "../../../src/components/aws/autoscaling";
import { only } from "../record";
import { recordTypes, sampleService } from "./samples";

const types = [
  "aws:appautoscaling/policy:Policy",
  "aws:appautoscaling/target:Target",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
];

function build(milliseconds: number, queueNames: pulumi.Input<string>[] = ["jobs"], warmUpSeconds?: number) {
  const { scaling } = sampleService({
    scaling: { minReplicas: 1, maxReplicas: 4, targets: [{ metric: "queue-wait", milliseconds }] },
  });
  const args = {
    scaling: { ...scaling, minReplicas: 0 },
    clusterName: "cluster",
    serviceName: "sample",
    queues: { queueNames, warmUpSeconds },
  };
  return recordTypes(types, () => new ServiceAutoscaling("sample", args));
}
const alarm = async (kind: string, ...args: Parameters<typeof build>) =>
  only(await build(...args), "aws:cloudwatch/metricAlarm:MetricAlarm", `sample-${kind}`).inputs;
const policy = async (kind: string, ...args: Parameters<typeof build>) =>
  only(await build(...args), "aws:appautoscaling/policy:Policy", `sample-${kind}`).inputs
    .stepScalingPolicyConfiguration;

test.each([
  [1, 1],
  [60_000, 1],
  [60_001, 2],
  [300_000, 5],
])("work that may wait %i ms orders a task after %i minutes of waiting", async (milliseconds, minutes) => {
  expect(await alarm("waiting", milliseconds)).toMatchObject({
    evaluationPeriods: minutes,
    datapointsToAlarm: minutes,
    threshold: 1,
    comparisonOperator: "GreaterThanOrEqualToThreshold",
  });
});

test("one task at a time; from ten waiting messages on, all that the cap allows", async () => {
  expect(await policy("waiting", 60_000, ["jobs"], 300)).toMatchObject({
    adjustmentType: "ChangeInCapacity",
    cooldown: 300,
    stepAdjustments: [
      { metricIntervalLowerBound: "0", metricIntervalUpperBound: "9", scalingAdjustment: 1 },
      { metricIntervalLowerBound: "9", scalingAdjustment: 4 },
    ],
  });
  const all = await build(60_000);
  expect(only(all, "aws:appautoscaling/target:Target").inputs).toMatchObject({ minCapacity: 0, maxCapacity: 4 });
});

test("tasks go when nothing waits and nothing is in hand, so that no work is interrupted", async () => {
  expect(await policy("idle", 60_000)).toMatchObject({
    adjustmentType: "ExactCapacity",
    stepAdjustments: [{ metricIntervalUpperBound: "0", scalingAdjustment: 0 }],
  });
  const { metricQueries, ...idle } = await alarm("idle", 60_000);
  expect(idle).toMatchObject({ threshold: 0, comparisonOperator: "LessThanOrEqualToThreshold" });
  expect((metricQueries as { metric?: { metricName: string } }[]).flatMap(q => q.metric?.metricName ?? [])).toEqual([
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
  ]);
});

test("several queues count together", async () => {
  const { metricQueries } = await alarm("waiting", 60_000, ["a", pulumi.output("b")]);
  expect(metricQueries).toMatchObject([
    { expression: "FILL(q0m0, 0) + FILL(q1m0, 0)", returnData: true },
    { metric: { dimensions: { QueueName: "a" } } },
    { metric: { dimensions: { QueueName: "b" } } },
  ]);
});

test("an idle queue wakes nobody: the alarms move the autoscaler and nothing else", async () => {
  for (const kind of ["waiting", "idle"]) {
    const inputs = await alarm(kind, 60_000);
    expect(inputs.alarmActions).toEqual([`arn:aws:mock:::sample-${kind}`]);
    expect(inputs).not.toHaveProperty("okActions");
  }
});

test("a service without a queue follows the metric it publishes itself", async () => {
  const { scaling } = sampleService({
    scaling: { minReplicas: 1, maxReplicas: 4, targets: [{ metric: "queue-wait", milliseconds: 5 }] },
  });
  const args = { scaling, clusterName: "c", serviceName: "s", metricDimensions: { Service: "s" } };
  const all = await recordTypes(types, () => new ServiceAutoscaling("sample", args));
  expect(only(all, "aws:appautoscaling/policy:Policy").inputs).toMatchObject({ policyType: "TargetTrackingScaling" });
});
