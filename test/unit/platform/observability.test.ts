// A whole stack against the mocks, traced and watched: what is seen of each service, and of the account (RT-22…RT-25, PF-2).
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import type { Workload } from "../../../src/workload/workload";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { digest } from "../components/samples";
import { only, type Registered, record } from "../record";
import { stackMocks } from "./mocks";

/** Types of the dev stack, and those that only a watched account has. */
const types = [
  ...stackMocks.types,
  "aws:cfg/deliveryChannel:DeliveryChannel",
  "aws:cfg/recorder:Recorder",
  "aws:cfg/recorderStatus:RecorderStatus",
  "aws:cloudtrail/trail:Trail",
  "aws:cloudwatch/dashboard:Dashboard",
  "aws:cloudwatch/eventRule:EventRule",
  "aws:cloudwatch/eventTarget:EventTarget",
  "aws:cloudwatch/logMetricFilter:LogMetricFilter",
  "aws:guardduty/detector:Detector",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  "aws:securityhub/account:Account",
  "aws:securityhub/standardsSubscription:StandardsSubscription",
];

const manifestId = "cm-42";

/** The dev stack with a manifest, a watched account and an image of the collector. */
function config(): StackConfig {
  const { raw, stack } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const parsed = parseConfig(raw, { catalog, stack, preview: true });
  if (!parsed.ok) throw new Error("Pulumi.dev.yaml has faults");
  const { workloads, release, ...dev } = parsed.config as unknown as StackConfig;
  return {
    ...dev,
    workloads: Object.fromEntries(Object.entries(workloads).filter(([name]) => name === "sanctum")),
    release: { ...release, manifestId },
    accountBaseline: { cloudTrail: true, config: true, guardDuty: true, securityHub: true },
    platformImages: { ...dev.platformImages, "telemetry-collector": digest },
    tracing: { samplePercent: 25, exporter: "xray" },
  };
}

/** Sanctum, with its backend traced. */
function traced(): ReadonlyMap<string, Workload> {
  const sanctum = catalog.get("sanctum");
  const backend = sanctum?.services.backend;
  if (!sanctum || !backend) throw new Error("the catalogue has no Sanctum");
  const services = { ...sanctum.services, backend: { ...backend, tracing: { attributes: ["env"], alwaysKeep: {} } } };
  return new Map([["sanctum", { ...sanctum, services }]]);
}

let all: Registered[];
beforeAll(async () => {
  all = await record({ ...stackMocks, types }, () => saas(config(), traced()));
});

const ofType = (type: string) => all.filter(r => r.type === type);

test("each workload has a dashboard that shows every alarm of its services, and what is deployed", () => {
  const { name, inputs } = only(all, "aws:cloudwatch/dashboard:Dashboard");
  expect(name).toBe("sanctum-dev");
  const { widgets } = JSON.parse(String(inputs.dashboardBody)) as {
    widgets: { type: string; properties: { alarms?: string[]; markdown?: string } }[];
  };
  const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
  const alarms = ofType("aws:cloudwatch/metricAlarm:MetricAlarm").filter(a =>
    /^sanctum-dev-(backend|ai-core)/.test(a.name),
  );
  expect(alarms.length).toBeGreaterThan(8);
  expect(shown.sort()).toEqual(alarms.map(a => `arn:aws:mock:::${a.name}`).sort());
  expect(widgets[0]?.properties.markdown).toContain(manifestId);
});

test("errors and latencies are taken from the log of each service", () => {
  const filters = ofType("aws:cloudwatch/logMetricFilter:LogMetricFilter").map(f => [f.name, f.inputs.logGroupName]);
  expect(filters).toEqual(
    ["backend", "ai-core"].flatMap(service => [
      [`sanctum-dev-${service}-errors`, `/palisade/dev/sanctum/${service}`],
      [`sanctum-dev-${service}-latency`, `/palisade/dev/sanctum/${service}`],
    ]),
  );
});

test("a traced service has its collector, its variables and its permission; another has none of them", () => {
  const containers = (service: string) =>
    JSON.parse(
      String(only(all, "aws:ecs/taskDefinition:TaskDefinition", `sanctum-dev-${service}`).inputs.containerDefinitions),
    ) as { name: string; image: string; environment: { name: string }[] }[];
  expect(containers("backend").map(({ name }) => name)).toEqual(["backend", "backend-telemetry"]);
  expect(containers("backend")[1]?.image).toMatch(new RegExp(`@${digest}$`));
  expect(containers("backend")[0]?.environment.map(({ name }) => name)).toContain("OTEL_EXPORTER_OTLP_ENDPOINT");
  expect(JSON.stringify(containers("ai-core"))).not.toMatch(/telemetry|OTEL/);
  const allowed = ofType("aws:iam/rolePolicy:RolePolicy").filter(p =>
    /xray:PutTraceSegments/.test(String(p.inputs.policy)),
  );
  expect(allowed.map(({ name }) => name)).toEqual([expect.stringContaining("sanctum-dev-backend")]);
});

test("the account is watched, its trail goes to the sink, and its findings to the alarms' topic", () => {
  for (const type of ["cloudtrail/trail:Trail", "cfg/recorder:Recorder", "guardduty/detector:Detector"])
    expect(ofType(`aws:${type}`)).toHaveLength(1);
  expect(only(all, "aws:cloudtrail/trail:Trail").name).toBe("palisade-dev-account-trail");
  const key = String(only(all, "aws:kms/key:Key", "palisade-dev-logs").inputs.policy);
  expect(key).toContain(":trail/palisade-dev-account-trail");
  const targets = ofType("aws:cloudwatch/eventTarget:EventTarget");
  expect(targets.map(({ inputs }) => inputs.arn)).toEqual(
    // Each is told of two kinds of events: the topic of findings, the brake of tasks that stop (RT-5).
    ["palisade-dev-alarms", "palisade-dev-alarms", "palisade-dev-restart-brake", "palisade-dev-restart-brake"].map(
      n => `arn:aws:mock:::${n}`,
    ),
  );
  const topic = String(only(all, "aws:sns/topicPolicy:TopicPolicy").inputs.policy);
  expect(topic).toContain("events.amazonaws.com");
});
