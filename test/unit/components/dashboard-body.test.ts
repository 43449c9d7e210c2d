import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DashboardInputs, dashboardBody, type Widget } from "../../../src/components/aws/dashboard-body";
import { WorkloadDashboard } from "../../../src/components/aws/workload-dashboard";
import { only } from "../record";
import { recordTypes, sampleService } from "./samples";

const buildSha = "0123456789abcdef0123456789abcdef01234567";
const release = { buildSha, manifestId: "cm-42", deployedAt: "2030-01-01T00:00:00Z" };
const service = {
  name: "poller",
  service: sampleService({
    objectives: { latencyP95Milliseconds: 12_000, metrics: [{ name: "rate_limit.hit", limit: 10, windowMinutes: 5 }] },
    scaling: { minReplicas: 2, maxReplicas: 4, targets: [{ metric: "queue-wait", milliseconds: 100 }] },
    metrics: [
      { name: "queue.depth", unit: "count", kind: "gauge" },
      { name: "a2a.failure_total", unit: "count", kind: "counter", dimensions: ["classification"] },
    ],
  }),
  clusterName: "cluster",
  ecsServiceName: "poller-1",
  dimensions: { Environment: "prod", Service: "poller", Workload: "router" },
  alarmArns: { cpu: "arn:alarm/cpu" },
};
const inputs: DashboardInputs = {
  title: "Router",
  environment: "prod",
  region: "eu-central-1",
  release,
  services: [service],
};
const requests = { loadBalancerArnSuffix: "app/edge/1", targetGroupArnSuffix: "targetgroup/poller/2" };

const graphs = (body: { widgets: Widget[] }) => body.widgets.filter(({ type }) => type === "metric");
const titles = (body: { widgets: Widget[] }) => graphs(body).map(({ properties }) => properties.title);
const graph = (title: string, changed = inputs) => {
  const found = graphs(dashboardBody(changed)).find(({ properties }) => properties.title === title);
  if (!found) throw new Error(`no graph ${title}`);
  return found.properties;
};

describe("what is deployed (RT-24)", () => {
  test("stands in the header and as a line in every graph", () => {
    const { widgets } = dashboardBody(inputs);
    expect(widgets[0]?.properties.markdown).toContain("manifest `cm-42`");
    expect(widgets[0]?.properties.markdown).toContain(buildSha);
    for (const { properties } of graphs({ widgets }))
      expect(properties.annotations).toMatchObject({
        vertical: [{ label: "cm-42 0123456789ab", value: "2030-01-01T00:00:00Z" }],
      });
  });

  test("has no line without a time, and no clock makes one up", () => {
    const body = dashboardBody({ ...inputs, release: { buildSha } });
    for (const { properties } of graphs(body)) expect(properties.annotations).toMatchObject({ vertical: [] });
    expect(JSON.stringify(body)).toBe(JSON.stringify(dashboardBody({ ...inputs, release: { buildSha } })));
    expect(JSON.stringify(body)).not.toMatch(/20\d\d-\d\d-\d\d/);
    expect(body.widgets[0]?.properties.markdown).toContain("manifest none");
  });
});

test("a public service shows requests, latency and errors as the edge counts them", () => {
  const body = dashboardBody({ ...inputs, services: [{ ...service, requests }] });
  expect(titles(body)).toEqual(expect.arrayContaining(["Requests", "Latency, s", "Errors"]));
  expect(graph("Latency, s", { ...inputs, services: [{ ...service, requests }] })).toMatchObject({
    annotations: { horizontal: [{ label: "alarm", value: 12 }] },
  });
  expect(JSON.stringify(dashboardBody(inputs))).not.toContain("ApplicationELB");
});

test("tasks, CPU, memory, log records and each metric of the service are there", () => {
  expect(titles(dashboardBody(inputs))).toEqual([
    "Latency, ms",
    "Tasks",
    "CPU and memory, %",
    "Log records with errors",
    "Latency by log records, ms",
    "queue.depth, count",
    "a2a.failure_total, count",
    "rate_limit.hit",
    "queue.wait_ms",
  ]);
  expect(graph("queue.depth, count").metrics).toContainEqual([
    "Palisade",
    "queue.depth",
    ...["Environment", "prod", "Service", "poller", "Workload", "router"],
    { stat: "Maximum", label: "Maximum" },
  ]);
});

test("a metric with further dimensions shows a line for each of their values", () => {
  expect(graph("a2a.failure_total, count").metrics).toEqual([
    [
      {
        expression:
          'SEARCH(\'{Palisade,Environment,Service,Workload,classification} MetricName="a2a.failure_total" ' +
          'Environment="prod" Service="poller" Workload="router"\', \'Sum\', 300)',
        label: "",
      },
    ],
  ]);
});

test("widgets stay on the board and never lie on each other, and every alarm is shown once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 250 }),
      fc.boolean(),
      (count, alarms, open) => {
        const services = Array.from({ length: count }, (_, i) => ({
          ...service,
          ...(open && { requests }),
          alarmArns: Object.fromEntries(Array.from({ length: alarms }, (_, a) => [`a${a}`, `arn:${i}:${a}`])),
        }));
        const { widgets } = dashboardBody({ ...inputs, services });
        const taken = new Set<string>();
        for (const { x, y, width, height } of widgets) {
          expect(x + width).toBeLessThanOrEqual(24);
          for (let column = x; column < x + width; column++)
            for (let row = y; row < y + height; row++) {
              expect(taken.has(`${column},${row}`)).toBe(false);
              taken.add(`${column},${row}`);
            }
        }
        const shown = widgets.filter(w => w.type === "alarm").map(w => w.properties.alarms as string[]);
        expect(shown.flat()).toHaveLength(count * alarms);
        expect(new Set(shown.flat()).size).toBe(count * alarms);
        for (const some of shown) expect(some.length).toBeLessThanOrEqual(100);
      },
    ),
    { numRuns: 30 },
  );
});

test("the component waits for what AWS names, and is named after the workload", async () => {
  const registered = await recordTypes(
    ["aws:cloudwatch/dashboard:Dashboard"],
    () => new WorkloadDashboard("router-prod", inputs),
  );
  const { inputs: given } = only(registered, "aws:cloudwatch/dashboard:Dashboard");
  expect(given.dashboardName).toBe("router-prod");
  expect(JSON.parse(String(given.dashboardBody))).toEqual(dashboardBody(inputs));
});
