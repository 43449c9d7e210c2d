import { expect, test } from "vitest";
import { ServiceAlarms, type ServiceAlarmsArgs } from "../../../src/components/aws/service-alarms";
import { recordTypes, sampleService } from "./samples";

const args: ServiceAlarmsArgs = {
  service: sampleService({
    lifecycle: { restartBudget: { restarts: 5, windowMinutes: 15 } },
    objectives: {
      latencyP95Milliseconds: 800,
      errorPercent: 2,
      metrics: [{ name: "a2a.failure_total", limit: 3, windowMinutes: 5 }],
    },
  }),
  clusterName: "sanctum",
  serviceName: "sample-abc",
  metricDimensions: { Workload: "sanctum", Service: "sample" },
  topicArn: "arn:topic",
  brakeArn: "arn:brake",
};
const requests = { loadBalancerArnSuffix: "app/edge/1", targetGroupArnSuffix: "targetgroup/sample/2" };

async function alarms(changes: Partial<ServiceAlarmsArgs> = {}) {
  const registered = await recordTypes(
    ["aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"],
    () => new ServiceAlarms("sample", { ...args, ...changes }),
  );
  const entries = registered
    .filter(r => r.type === "aws:cloudwatch/metricAlarm:MetricAlarm")
    .map(r => [r.name.replace("sample-", ""), r.inputs] as const);
  return Object.fromEntries(entries);
}

test("every alarm says so and says when it is over, and decides what silence means", async () => {
  for (const alarm of Object.values(await alarms({ requests })))
    expect(alarm).toMatchObject({
      alarmActions: expect.arrayContaining(["arn:topic"]),
      okActions: ["arn:topic"],
      treatMissingData: expect.stringMatching(/^(notBreaching|breaching)$/),
      alarmDescription: expect.stringMatching(/./),
    });
});

test("missing tasks ring, also when nobody is left to report them", async () => {
  expect((await alarms())["running-tasks"]).toMatchObject({
    metricName: "RunningTaskCount",
    dimensions: { ClusterName: "sanctum", ServiceName: "sample-abc" },
    comparisonOperator: "LessThanThreshold",
    threshold: 2,
    treatMissingData: "breaching",
  });
});

test("more restarts than the budget, of containers and of tasks, ring and stop the service (RT-5)", async () => {
  const { restarts, ...others } = await alarms();
  expect(restarts).toMatchObject({
    comparisonOperator: "GreaterThanThreshold",
    threshold: 5,
    alarmActions: ["arn:topic", "arn:brake"],
    okActions: ["arn:topic"],
  });
  const dimensions = { ClusterName: "sanctum", ServiceName: "sample-abc" };
  expect(restarts?.metricQueries).toEqual([
    expect.objectContaining({ expression: "FILL(containers, 0) + FILL(tasks, 0)", returnData: true }),
    {
      id: "containers",
      metric: { namespace: "ECS/ContainerInsights", metricName: "RestartCount", dimensions, stat: "Sum", period: 900 },
    },
    { id: "tasks", metric: { namespace: "Palisade", metricName: "task.deaths", dimensions, stat: "Sum", period: 900 } },
  ]);
  for (const alarm of Object.values(others)) expect(alarm.alarmActions).toEqual(["arn:topic"]);
});

test("behind the edge, errors and latency are the load balancer's, in its units", async () => {
  const { errors, "latency-p95": latency, "unhealthy-hosts": unhealthy } = await alarms({ requests });
  expect(errors).toMatchObject({ threshold: 2, comparisonOperator: "GreaterThanThreshold" });
  expect(errors?.metricQueries).toContainEqual(
    expect.objectContaining({ expression: "100 * FILL(errors, 0) / requests", returnData: true }),
  );
  expect(latency).toMatchObject({ metricName: "TargetResponseTime", extendedStatistic: "p95", threshold: 0.8 });
  expect(unhealthy).toMatchObject({
    dimensions: { LoadBalancer: "app/edge/1", TargetGroup: "targetgroup/sample/2" },
    threshold: 0,
    treatMissingData: "breaching",
  });
});

test("elsewhere, latency is what the service publishes, and nothing asks a load balancer", async () => {
  const all = await alarms();
  expect(all["latency-p95"]).toMatchObject({
    namespace: "Palisade",
    metricName: "latency.round_trip_ms",
    dimensions: args.metricDimensions,
    threshold: 800,
    comparisonOperator: "GreaterThanOrEqualToThreshold",
  });
  expect(JSON.stringify(all)).not.toContain("ApplicationELB");
});

test("an objective of the specification rings when its limit is reached", async () => {
  expect((await alarms())["metric-a2a-failure-total"]).toMatchObject({
    metricName: "a2a.failure_total",
    statistic: "Sum",
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    threshold: 3,
    period: 300,
  });
});

test("the limits of RT-22: P95 below 12 s, fewer than 3 fatal failures in 5 minutes, fewer than 10 hits per persona in 12 hours", async () => {
  const service = sampleService({
    metrics: [{ name: "a2a.failure_total", unit: "count", kind: "counter", dimensions: ["classification"] }],
    objectives: {
      latencyP95Milliseconds: 12_000,
      metrics: [
        { name: "a2a.failure_total", limit: 3, windowMinutes: 5, where: { classification: "fatal" } },
        { name: "rate_limit.hit", limit: 10, windowMinutes: 720, per: "persona_tag" },
      ],
    },
  });
  const all = await alarms({ service, logGroupName: "/palisade/prod/router/poller" });
  const reached = "GreaterThanOrEqualToThreshold";
  expect(all["latency-p95"]).toMatchObject({
    extendedStatistic: "p95",
    comparisonOperator: reached,
    threshold: 12_000,
  });
  expect(all["metric-a2a-failure-total"]).toMatchObject({
    dimensions: { ...args.metricDimensions, classification: "fatal" },
    statistic: "Sum",
    comparisonOperator: reached,
    threshold: 3,
    period: 300,
  });
  expect(all["metric-rate-limit-hit"]).toMatchObject({
    comparisonOperator: reached,
    threshold: 10,
    metricQueries: [
      {
        expression: 'INSIGHT_RULE_METRIC("sample-metric-rate-limit-hit", "MaxContributorValue")',
        period: 43_200,
        returnData: true,
      },
    ],
  });
});

test("what counts per persona are the log records of the event, of this service's log", async () => {
  const service = sampleService({
    objectives: { metrics: [{ name: "rate_limit.hit", limit: 10, windowMinutes: 720, per: "persona_tag" }] },
  });
  const registered = await recordTypes(
    ["aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/contributorInsightRule:ContributorInsightRule"],
    () => new ServiceAlarms("sample", { ...args, service, logGroupName: "/log" }),
  );
  const rule = registered.find(r => r.type.includes("contributorInsightRule"));
  expect(JSON.parse(String(rule?.inputs.ruleDefinition))).toEqual({
    Schema: { Name: "CloudWatchLogRule", Version: 1 },
    LogGroupNames: ["/log"],
    LogFormat: "JSON",
    Contribution: { Keys: ["$.persona_tag"], Filters: [{ Match: "$.event", In: ["rate_limit.hit"] }] },
    AggregateOn: "Count",
  });
  await expect(alarms({ service })).rejects.toThrow("`logGroupName` is missing");
});

test("silence of a heartbeat rings, and only a heartbeat's (RT-24)", async () => {
  const service = sampleService({
    metrics: [
      { name: "router.uptime_seconds", unit: "seconds", kind: "counter", heartbeat: true },
      { name: "queue.depth", unit: "count", kind: "gauge" },
    ],
  });
  const all = await alarms({ service });
  expect(Object.keys(all).filter(key => key.startsWith("heartbeat"))).toEqual(["heartbeat-router-uptime-seconds"]);
  expect(all["heartbeat-router-uptime-seconds"]).toMatchObject({
    metricName: "router.uptime_seconds",
    dimensions: args.metricDimensions,
    statistic: "SampleCount",
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    treatMissingData: "breaching",
  });
});

test("each alarm's ARN comes out by what it watches, for a rollback to look at", async () => {
  let keys: string[] = [];
  await recordTypes(["aws:cloudwatch/metricAlarm:MetricAlarm"], () => {
    keys = Object.keys(new ServiceAlarms("sample", args).arns);
  });
  expect(keys.sort()).toEqual(Object.keys(await alarms()).sort());
  expect(keys).toEqual(expect.arrayContaining(["latency-p95", "metric-a2a-failure-total", "restarts"]));
});
