import { existsSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { RestartBrake } from "../../../src/components/aws/restart-brake";
import { only } from "../record";
import { functionTypes } from "./functions";
import { policyOf } from "./reading";
import { recordTypes, statementAbout } from "./samples";

const build = () =>
  recordTypes(
    functionTypes,
    () =>
      new RestartBrake("brake", {
        region: "eu-central-1",
        accountId: "123456789012",
        clusterName: "cluster-1",
        clusterArn: "arn:cluster",
        environment: "staging",
        buildSha: "0".repeat(40),
        keyArn: "arn:key",
        log: { logGroupName: "/palisade/brake", retentionDays: 14, keyArn: "arn:logs-key" },
        topicArn: "arn:topic",
      }),
  );

test("it hears of every task of the cluster that ends", async () => {
  const all = await build();
  const { eventPattern } = only(all, "aws:cloudwatch/eventRule:EventRule", "brake-ended").inputs;
  expect(JSON.parse(String(eventPattern))).toEqual({
    source: ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    detail: { clusterArn: ["arn:cluster"], lastStatus: ["STOPPED"] },
  });
  for (const { inputs } of all.filter(r => r.type === "aws:cloudwatch/eventTarget:EventTarget"))
    expect(inputs.arn).toBe("arn:aws:mock:::brake");
});

test("it hears of every release of a service of the cluster, which starts what it had stopped", async () => {
  const { eventPattern } = only(await build(), "aws:cloudwatch/eventRule:EventRule", "brake-released").inputs;
  expect(JSON.parse(String(eventPattern))).toEqual({
    source: ["aws.ecs"],
    "detail-type": ["ECS Deployment State Change"],
    resources: [{ prefix: "arn:aws:ecs:eu-central-1:123456789012:service/cluster-1/" }],
    detail: { eventName: ["SERVICE_DEPLOYMENT_IN_PROGRESS"] },
  });
});

test("only alarms of this account and its own rule may call it", async () => {
  const permissions = (await build()).filter(r => r.type === "aws:lambda/permission:Permission").map(r => r.inputs);
  const byCaller = [...permissions].sort((a, b) => String(a.sourceArn).localeCompare(String(b.sourceArn)));
  const here = { action: "lambda:InvokeFunction", sourceAccount: "123456789012" };
  const alarms = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:*";
  expect(byCaller).toMatchObject([
    { ...here, principal: "lambda.alarms.cloudwatch.amazonaws.com", sourceArn: alarms },
    { ...here, principal: "events.amazonaws.com", sourceArn: "arn:aws:mock:::brake-ended" },
    { ...here, principal: "events.amazonaws.com", sourceArn: "arn:aws:mock:::brake-released" },
  ]);
});

test("it may stop services of its cluster, hold their autoscaling, and count; nothing else", async () => {
  const policy = only(await build(), "aws:iam/rolePolicy:RolePolicy");
  const cluster = "arn:aws:ecs:eu-central-1:123456789012:service/cluster-1/*";
  expect(statementAbout("ecs:UpdateService", policy.inputs.policy).Resource).toBe(cluster);
  expect(
    policyOf(policy)
      .flatMap(({ Action }) => Action)
      .sort(),
  ).toEqual([
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:RegisterScalableTarget",
    "cloudwatch:PutMetricData",
    "ecs:DescribeServices",
    "ecs:UpdateService",
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ]);
});

test("it runs what lies beside it, and says in its log who it is", async () => {
  const { code, ...inputs } = only(await build(), "aws:lambda/function:Function").inputs;
  expect(inputs).toMatchObject({
    handler: "restart_brake.handler",
    kmsKeyArn: "arn:key",
    environment: { variables: { CLUSTER: "cluster-1", NAMESPACE: "Palisade", PALISADE_ENV: "staging" } },
    loggingConfig: { logGroup: "/palisade/brake" },
  });
  const assets = await (code as pulumi.asset.AssetArchive).assets;
  expect(Object.keys(assets).sort()).toEqual(["log_record.py", "restart_brake.py"]);
  for (const asset of Object.values(assets))
    expect(existsSync(await (asset as pulumi.asset.FileAsset).path)).toBe(true);
});

test("somebody hears if it fails", async () => {
  expect(only(await build(), "aws:cloudwatch/metricAlarm:MetricAlarm").inputs).toMatchObject({
    namespace: "AWS/Lambda",
    metricName: "Errors",
    alarmActions: ["arn:topic"],
  });
});
