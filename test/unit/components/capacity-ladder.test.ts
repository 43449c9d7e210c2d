import { expect, test } from "vitest";
import { CapacityLadder, type CapacityLadderArgs } from "../../../src/components/aws/capacity-ladder";
import { pressureAlarms, waitAlarms } from "../../../src/components/aws/ladder-alarms";
import { hasLadder, ThrottleParameter } from "../../../src/components/aws/throttle-parameter";
import { only } from "../record";
import { functionTypes } from "./functions";
import { policyOf } from "./reading";
import { recordTypes, sampleService, statementAbout } from "./samples";

const parameter = "aws:ssm/parameter:Parameter";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const service = sampleService({
  resources: { cpuMillicores: 500, memoryMiB: 512, ceiling: { cpuMillicores: 1000, memoryMiB: 1024 } },
  scaling: {
    minReplicas: 2,
    maxReplicas: 2,
    targets: [
      { metric: "cpu", percent: 50 },
      { metric: "queue-wait", milliseconds: 2000 },
      { metric: "latency-p95", milliseconds: 9000 },
    ],
    backPressure: { cpuPercent: 60, latencyP95Milliseconds: 12_000 },
  },
});
const metrics = { clusterName: "cluster-1", serviceName: "poller-1", metricDimensions: { Service: "poller" } };
const names = ["pressure-cpu", "pressure-latency", "wait-queue", "wait-latency"].map(key => `ladder-${key}`);

function build(changes: Partial<CapacityLadderArgs> = {}) {
  return recordTypes([...functionTypes, parameter], () => {
    const throttle = new ThrottleParameter("throttle", {
      region: "eu-central-1",
      keyArn: "arn:secrets-key",
      description: "d",
    });
    new CapacityLadder("ladder", {
      ...metrics,
      service,
      region: "eu-central-1",
      accountId: "123456789012",
      throttle,
      throttleKeyArn: "arn:secrets-key",
      taskDefinitions: { base: "arn:base", ceiling: "arn:ceiling" },
      keyArn: "arn:key",
      log: { logGroupName: "/palisade/ladder", retentionDays: 14, keyArn: "arn:logs-key" },
      origin: { environment: "staging", workload: "w", service: "capacity-ladder", buildSha: "b" },
      topicArn: "arn:topic",
      ...changes,
    });
  });
}

async function rules(changes: Partial<CapacityLadderArgs> = {}) {
  const { environment } = only(await build(changes), "aws:lambda/function:Function").inputs as {
    environment: { variables: { LADDER: string } };
  };
  return JSON.parse(environment.variables.LADDER);
}

test("it knows its service, its two sizes, its alarms, and waits with compute longer than one step takes (RT-6, RT-7)", async () => {
  const found = await rules();
  expect(found).toMatchObject({
    cluster: "cluster-1",
    service: "poller-1",
    base: "arn:base",
    ceiling: "arn:ceiling",
    pressureAlarms: names.slice(0, 2),
    waitAlarms: names.slice(2),
    steps: [100, 75, 50, 25],
  });
  expect(found.patienceSeconds).toBeGreaterThanOrEqual(found.stepSeconds * (found.steps.length - 1));
});

test("its alarms exist under the names it asks for, call it, and may", async () => {
  const all = await build();
  const own = all.filter(r => r.type === alarm && r.name !== "ladder-failures");
  expect(own.map(r => r.inputs.name).sort()).toEqual([...names].sort());
  for (const { inputs } of own)
    expect(inputs).toMatchObject({ alarmActions: ["arn:aws:mock:::ladder"], okActions: ["arn:aws:mock:::ladder"] });
  const callers = all.filter(r => r.type === "aws:lambda/permission:Permission").map(r => r.inputs.sourceArn);
  for (const name of names) expect(callers).toContain(`arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${name}`);
});

test("time passes for it too", async () => {
  expect(only(await build(), "aws:cloudwatch/eventRule:EventRule").inputs.scheduleExpression).toBe("rate(1 minute)");
});

test("it may look at its alarms, write its parameter and move its service; nothing else", async () => {
  const policy = only(await build(), "aws:iam/rolePolicy:RolePolicy");
  const about = (action: string) => statementAbout(action, policy.inputs.policy);
  expect(about("cloudwatch:DescribeAlarms").Resource).toHaveLength(4);
  expect(about("ssm:PutParameter").Resource).toBe("arn:aws:mock:::throttle");
  const moved = "arn:aws:ecs:eu-central-1:123456789012:service/cluster-1/poller-1";
  expect(about("ecs:UpdateService").Resource).toBe(moved);
  for (const { Resource } of policyOf(policy)) expect(Resource).not.toBe("*");
});

test("without a ceiling it cannot touch the service; without back-pressure it has no step to throttle", async () => {
  const fixed = { ...service, resources: { cpuMillicores: 500, memoryMiB: 512, gpus: 0 } };
  const all = await build({ service: fixed, taskDefinitions: { base: "arn:base" } });
  expect(JSON.stringify(policyOf(only(all, "aws:iam/rolePolicy:RolePolicy")))).not.toContain("ecs:");
  const { backPressure: _, ...scaling } = service.scaling;
  expect(await rules({ service: { ...service, scaling } })).toMatchObject({ steps: [100], pressureAlarms: [] });
});

test("pressure is what the specification says it is, of the service's own latency or the edge's", () => {
  const own = pressureAlarms(service, metrics);
  expect(own["pressure-cpu"]).toMatchObject({ namespace: "AWS/ECS", metricName: "CPUUtilization", threshold: 60 });
  expect(own["pressure-latency"]).toMatchObject({
    metricName: "latency.round_trip_ms",
    extendedStatistic: "p95",
    threshold: 12_000,
  });
  const requests = { loadBalancerArnSuffix: "app/x", targetGroupArnSuffix: "tg/x" };
  const latency = pressureAlarms(service, { ...metrics, requests })["pressure-latency"];
  expect(latency).toMatchObject({ metricName: "TargetResponseTime", threshold: 12 });
});

test("waiting is measured by the targets that measure waiting, and by no others", () => {
  const found = waitAlarms(service, metrics);
  expect(Object.keys(found)).toEqual(["wait-queue", "wait-latency"]);
  expect(found["wait-queue"]).toMatchObject({ metricName: "queue.wait_ms", threshold: 2000 });
  expect(found["wait-latency"]?.threshold).toBe(9000);
});

test("the throttle starts open, is encrypted, and is the ladder's from then on", async () => {
  expect(only(await build(), parameter).inputs).toMatchObject({ type: "SecureString", keyId: "arn:secrets-key" });
  expect(hasLadder(service)).toBe(true);
  expect(hasLadder(sampleService())).toBe(false);
});
