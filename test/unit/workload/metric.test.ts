// RT-22, RT-24: what a service may say of its metrics and of their limits.
import { expect, test } from "vitest";
import type { WorkloadInput } from "../../../src/workload/workload";
import { sampleService } from "../components/samples";

type Published = NonNullable<WorkloadInput["services"][string]["metrics"]>[number];

const failures: Published = {
  name: "a2a.failure_total",
  unit: "count",
  kind: "counter",
  dimensions: ["classification"],
};
const limit = { name: "a2a.failure_total", limit: 3, windowMinutes: 5 };
const uptime: Published = { name: "router.uptime_seconds", unit: "seconds", kind: "counter", heartbeat: true };

test("the metrics of RT-24 and the limits of RT-22 can be said", () => {
  const service = sampleService({
    metrics: [failures, uptime, { name: "rate_limit.hit", unit: "count", kind: "counter", dimensions: ["persona"] }],
    objectives: {
      metrics: [
        { ...limit, where: { classification: "fatal" } },
        { name: "rate_limit.hit", limit: 10, windowMinutes: 720, per: "persona_tag" },
      ],
    },
  });
  expect(service.metrics.map(({ name }) => name)).toEqual([failures.name, uptime.name, "rate_limit.hit"]);
});

test("a metric need not be described to be limited", () => {
  expect(sampleService({ objectives: { metrics: [limit] } }).objectives.metrics).toHaveLength(1);
});

test.each<[string, Parameters<typeof sampleService>[0]]>([
  ["services.sample.metrics.1.name: metric `a2a.failure_total` is named twice", { metrics: [failures, failures] }],
  [
    "services.sample.objectives.metrics.0.where: must give a value to each dimension of `a2a.failure_total`: it has `classification`",
    { metrics: [failures], objectives: { metrics: [limit] } },
  ],
  [
    "services.sample.objectives.metrics.0.where: must give a value to each dimension of `a2a.failure_total`: it has no further dimension",
    { objectives: { metrics: [{ ...limit, where: { classification: "fatal" } }] } },
  ],
  [
    "services.sample.objectives.metrics.0.where: cannot be given together with `per`",
    {
      metrics: [failures],
      objectives: { metrics: [{ ...limit, where: { classification: "fatal" }, per: "persona_tag" }] },
    },
  ],
  [
    "services.sample.objectives.metrics.1.name: `a2a_failure.total` has an objective already",
    { objectives: { metrics: [limit, { ...limit, name: "a2a_failure.total" }] } },
  ],
  [
    "services.sample.metrics.0.heartbeat: needs a replica at all times: `minReplicas` is 0",
    { metrics: [uptime], scaling: { minReplicas: 0, maxReplicas: 1 } },
  ],
  [
    "services.sample.metrics.0.heartbeat: needs a metric without further `dimensions`",
    { metrics: [{ ...uptime, dimensions: ["host"] }] },
  ],
])("refuses: %s", (message, changes) => {
  expect(() => sampleService(changes)).toThrow(message);
});
