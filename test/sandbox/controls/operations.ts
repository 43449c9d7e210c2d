// Sandbox tests: controls over what watches and steers: alarms, functions, dashboards, leases (SA-12, RT-5 to RT-7, RT-22 to RT-24, RT-30, CP-12).
import { type AwsApi, find } from "../aws-api";
import { type Control, control, customerKey, dev, first, list, those, withoutSuffix } from "./control";

async function topics(api: AwsApi): Promise<[string, Map<string, string>][]> {
  const arns = find(await api.query("sns", "ListTopics"), "Topics/member/TopicArn").map(String);
  return Promise.all(
    arns.map(async (TopicArn): Promise<[string, Map<string, string>]> => {
      const entries = find(await api.query("sns", "GetTopicAttributes", { TopicArn }), "Attributes/entry").map(first);
      return [TopicArn, new Map(entries.map(at => [at("key") ?? "", at("value") ?? ""]))];
    }),
  );
}

interface Alarm {
  AlarmName: string;
  AlarmActions: string[];
  ActionsEnabled: boolean;
  ComparisonOperator: string;
  Threshold: number;
  Period?: number;
  Metrics?: { MetricStat?: { Metric: { Dimensions: MetricDimension[] } } }[];
}

interface MetricDimension {
  Name: string;
  Value: string;
}

const allAlarms = list<Alarm>("monitoring", "DescribeAlarms", "MetricAlarms", "AlarmName");

/** Those of both regions. Target tracking keeps alarms of its own, which call the autoscaler. */
async function alarms(api: AwsApi): Promise<[string, Alarm][]> {
  const found = await Promise.all([api, api.in(dev.secondRegion)].map(allAlarms));
  return found.flat().filter(([name]) => !name.startsWith("TargetTracking-"));
}

const calls = ({ ActionsEnabled, AlarmActions }: Alarm, target: RegExp) =>
  ActionsEnabled && AlarmActions.some(arn => target.test(arn));

const topic = /^arn:aws:sns:/;
const brake = /^arn:aws:lambda:.*:function:palisade-dev-restart-brake-/;
const ladder = /^arn:aws:lambda:.*:function:router-dev-poller-ladder-/;

/** Alarms that steer, and call nobody: what they start is watched by others. */
const steering = /^router-dev-poller-ladder-(pressure|wait)-|^content-pipeline-dev-renderer-(waiting|idle)-/;

/** Alarms by name, each a finding if it is missing. */
const named = (wanted: readonly string[]) => async (api: AwsApi) => {
  const found = new Map((await alarms(api)).map(([name, alarm]) => [withoutSuffix(name), alarm]));
  return wanted.map((name): [string, Alarm | undefined] => [name, found.get(name)]);
};

const services = [
  "sanctum-dev-backend",
  "sanctum-dev-ai-core",
  "iss-dev-api",
  "iss-dev-log-shipper",
  "scriptpulse-dev-api",
  "router-dev-poller",
  "router-dev-poller-egress",
  "content-pipeline-dev-renderer",
];

/** Thresholds of the ladder's alarms, whose names are fixed. */
const steps: Readonly<Record<string, number>> = {
  "router-dev-poller-ladder-pressure-cpu": 60,
  "router-dev-poller-ladder-pressure-latency": 12_000,
  "router-dev-poller-ladder-wait-queue": 2000,
  "router-dev-poller-ladder-wait-latency": 12_000,
};

/** Thresholds from the router's seed: fewer than three failures, fewer than ten hits, answers below 12 seconds. */
const objectives: Readonly<Record<string, number>> = {
  "router-dev-poller-latency-p95": 12_000,
  "router-dev-poller-metric-a2a-failure-total": 3,
  "router-dev-poller-metric-rate-limit-hit": 10,
};

interface Braked {
  alarm?: Alarm;
  /** What the alarm is about. */
  cluster?: string;
  service?: string;
  /** Cluster whose services the brake stops. */
  brakes: string;
  /** Services that the autoscaler, which the brake holds, knows. */
  scaled: string[];
}

/** The alarm on the restarts of each service, with what the brake can stop. */
async function brakes(api: AwsApi): Promise<[string, Braked][]> {
  const [, of] = (await functions(api)).find(([name]) => name === "palisade-dev-restart-brake") ?? [];
  const { ScalableTargets } = await api.json<{ ScalableTargets: { ResourceId: string }[] }>(
    "application-autoscaling",
    "DescribeScalableTargets",
    { ServiceNamespace: "ecs" },
  );
  const found = await named(services.map(name => `${name}-restarts`))(api);
  return found.map(([name, alarm]) => {
    const dimensions = alarm?.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? []) ?? [];
    const dimension = (wanted: string) => dimensions.find(({ Name }) => Name === wanted)?.Value;
    return [
      name,
      {
        alarm,
        cluster: dimension("ClusterName"),
        service: dimension("ServiceName"),
        brakes: of?.Environment?.Variables.CLUSTER ?? "",
        scaled: ScalableTargets.map(({ ResourceId }) => ResourceId),
      },
    ];
  });
}

interface LambdaFunction {
  FunctionName: string;
  KMSKeyArn?: string;
  LoggingConfig?: { LogGroup?: string };
  Environment?: { Variables: Record<string, string> };
  /** Principals that may call it, each held to one account. */
  callers: { service?: string; account?: string }[];
}

async function functions(api: AwsApi): Promise<[string, LambdaFunction][]> {
  const { Functions } = await api.restJson<{ Functions: LambdaFunction[] }>("lambda", "/2015-03-31/functions/");
  return Promise.all(
    Functions.map(async (of): Promise<[string, LambdaFunction]> => {
      const { Policy } = await api
        .restJson<{ Policy: string }>("lambda", `/2015-03-31/functions/${of.FunctionName}/policy`)
        .catch((error: unknown) => {
          // A function behind a queue is called by nobody; it fetches.
          if (/ResourceNotFound/.test(String(error))) return { Policy: '{"Statement":[]}' };
          throw error;
        });
      const { Statement } = JSON.parse(Policy) as {
        Statement: { Principal?: { Service?: string }; Condition?: { StringEquals?: Record<string, string> } }[];
      };
      const callers = Statement.map(({ Principal, Condition }) => ({
        service: Principal?.Service,
        account: Condition?.StringEquals?.["AWS:SourceAccount"],
      }));
      return [withoutSuffix(of.FunctionName), { ...of, callers }];
    }),
  );
}

interface InsightRule {
  Name: string;
  State: string;
  Definition: string;
}

/** The rule behind the alarm on the router's rate limit. */
async function insightRules(api: AwsApi): Promise<[string, InsightRule | undefined][]> {
  const { InsightRules } = await api.json<{ InsightRules: InsightRule[] }>("monitoring", "DescribeInsightRules");
  const name = "router-dev-poller-metric-rate-limit-hit";
  return [[name, InsightRules.find(({ Name }) => Name === name)]];
}

/** Body of each workload's dashboard, empty where it is missing. */
async function dashboards(api: AwsApi): Promise<[string, string][]> {
  const { DashboardEntries } = await api.json<{ DashboardEntries: { DashboardName: string }[] }>(
    "monitoring",
    "ListDashboards",
  );
  const there = DashboardEntries.map(({ DashboardName }) => DashboardName);
  return Promise.all(
    ["sanctum", "iss", "scriptpulse", "router", "content-pipeline"].map(async (workload): Promise<[string, string]> => {
      const DashboardName = `${workload}-dev`;
      if (!there.includes(DashboardName)) return [DashboardName, ""];
      const { DashboardBody } = await api.json<{ DashboardBody: string }>("monitoring", "GetDashboard", {
        DashboardName,
      });
      return [DashboardName, DashboardBody];
    }),
  );
}

interface Table {
  SSEDescription?: { Status: string; KMSMasterKeyArn?: string };
  recovery: string;
  ttl?: string;
}

async function leases(api: AwsApi): Promise<[string, Table][]> {
  const { TableNames } = await api.json<{ TableNames: string[] }>("dynamodb", "ListTables");
  return Promise.all(
    TableNames.filter(name => name.includes("-lease-")).map(async (TableName): Promise<[string, Table]> => {
      const { Table } = await api.json<{ Table: Table }>("dynamodb", "DescribeTable", { TableName });
      const { ContinuousBackupsDescription: backups } = await api.json<{
        ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: string } };
      }>("dynamodb", "DescribeContinuousBackups", { TableName });
      const recovery = backups.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus;
      return [TableName, { ...Table, recovery }];
    }),
  );
}

export const operationControls: readonly Control[] = [
  control("SA-7", "alarms travel encrypted", topics, {
    "has a customer's key": attributes => customerKey(attributes.get("KmsMasterKeyId")),
  }),
  control(
    "SA-12",
    "alarms call somebody",
    those(alarms, name => !steering.test(name)),
    {
      "calls the topic": alarm => calls(alarm, topic),
    },
  ),
  control("RT-5", "a service that restarts too often is stopped, and a person is called", brakes, {
    "calls a person": ({ alarm }) => alarm !== undefined && calls(alarm, topic),
    "rings at the sixth restart": ({ alarm }) =>
      alarm?.ComparisonOperator === "GreaterThanThreshold" && alarm.Threshold === 5,
    // A burst of GPUs has a cluster of its own, and a cap instead.
    "calls the brake, if that can stop it": ({ alarm, cluster, brakes }) =>
      alarm !== undefined && cluster !== undefined && calls(alarm, brake) === (cluster === brakes),
    "is held by the autoscaler, which must not start it again": ({ cluster, service, scaled }) =>
      scaled.includes(`service/${cluster}/${service}`),
  }),
  control(
    "RT-7",
    "load throttles the router before it grows",
    those(alarms, name => /-ladder-(pressure|wait)-/.test(name)),
    {
      "calls the ladder": alarm => calls(alarm, ladder),
    },
  ),
  control("RT-6", "the ladder steers at the router's own bounds", named(Object.keys(steps)), {
    "has its threshold": alarm => alarm?.Threshold === steps[alarm?.AlarmName ?? ""],
  }),
  control("RT-22", "the router's objectives are watched", named(Object.keys(objectives)), {
    "has its threshold": alarm =>
      alarm?.ComparisonOperator === "GreaterThanOrEqualToThreshold" &&
      alarm.Threshold === objectives[withoutSuffix(alarm.AlarmName)],
  }),
  control("RT-22", "hits of the rate limit are counted for each persona by itself", insightRules, {
    "counts them": rule => {
      const { LogGroupNames, Contribution } = JSON.parse(rule?.Definition ?? "{}") as {
        LogGroupNames?: string[];
        Contribution?: { Keys: string[]; Filters: object[] };
      };
      return (
        rule?.State === "ENABLED" &&
        LogGroupNames?.join() === "/palisade/dev/router/poller" &&
        Contribution?.Keys.join() === "$.persona_tag" &&
        JSON.stringify(Contribution.Filters) === JSON.stringify([{ Match: "$.event", In: ["rate_limit.hit"] }])
      );
    },
  }),
  control(
    "RT-24",
    "a router that says nothing raises an alarm",
    named(["router-dev-poller-heartbeat-router-uptime-seconds"]),
    {
      "is there": alarm => alarm !== undefined && calls(alarm, topic),
    },
  ),
  control(
    "CP-12",
    "work that waits, fails or is not copied raises an alarm",
    named([
      "content-pipeline-dev-render-oldest",
      "content-pipeline-dev-render-dead",
      "content-pipeline-dev-release-hand-off-oldest",
      "content-pipeline-dev-release-hand-off-dead",
      "content-pipeline-dev-release-hand-off-errors",
      "content-pipeline-dev-artifacts-replication-failed",
      "content-pipeline-dev-artifacts-replication-latency",
      "content-pipeline-dev-editorbot-machines",
      "content-pipeline-dev-editorbot-units",
    ]),
    { "is there": alarm => alarm !== undefined && calls(alarm, topic) },
  ),
  control("RT-24", "each workload has a dashboard with the build it shows", dashboards, {
    "names the build": body => /build `[0-9a-f]{40}`/.test(body),
    "shows graphs and alarms": body => body.includes('"type":"metric"') && body.includes('"type":"alarm"'),
  }),
  control("RT-7", "functions are encrypted, logged, and called from this account only", functions, {
    "has a customer's key": ({ KMSKeyArn }) => customerKey(KMSKeyArn),
    "writes to a log group of the stack": ({ LoggingConfig }) =>
      LoggingConfig?.LogGroup?.startsWith("/palisade/") === true,
    "knows its callers": ({ callers }) =>
      callers.every(({ service, account }) => service !== undefined && account === "123456789012"),
  }),
  control("RT-30", "leases are encrypted, and can be brought back", leases, {
    "has a customer's key": ({ SSEDescription: sse }) => sse?.Status === "ENABLED" && customerKey(sse.KMSMasterKeyArn),
    "has point-in-time recovery": ({ recovery }) => recovery === "ENABLED",
  }),
];
