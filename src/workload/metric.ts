// Workload model: the metrics a service publishes itself (RT-24), and the limits its alarms are made from (RT-22).
import { z } from "zod";

export const metricName = z.string().regex(/^[a-z][a-z0-9_.]*$/, "a metric name, such as `queue.depth`");
const dimensionName = z.string().regex(/^[a-z][a-z0-9_]*$/, "the name of a dimension, such as `classification`");

/** Published under the dimensions `Environment`, `Workload` and `Service`, and those it names. */
export const metric = z.strictObject({
  /** Its name in CloudWatch and on the dashboard (RT-24). */
  name: metricName,
  /** Unit of its points (RT-24). */
  unit: z.enum(["milliseconds", "seconds", "count", "bytes", "percent"]),
  /** `counter`: what was added since the last point. `gauge`: a level. `distribution`: a point per case (RT-24). */
  kind: z.enum(["counter", "gauge", "distribution"]),
  /** Further dimensions, all of which each point carries (RT-22: A2A failures by `classification`). */
  dimensions: z.array(dimensionName).max(7).default([]),
  /** Silence for five minutes raises an alarm: nobody publishes, so nobody works (RT-24). */
  heartbeat: z.boolean().default(false),
});
export type Metric = z.infer<typeof metric>;

/** Fields of the log record that say for whom something happened (RT-23). */
const recordSubjects = ["persona_tag", "chat_id_hash"] as const;

/** A limit: the alarm rings when the metric reaches it within the window (RT-22). */
export const metricObjective = z.strictObject({
  /** Metric or event it is held against (RT-22). */
  name: metricName,
  /** Value at which the alarm rings, in the unit of the metric (RT-22). */
  limit: z.number(),
  /** Minutes that are looked at together (RT-22). */
  windowMinutes: z.int().min(1).max(1440),
  /** Counts only under these values of the metric's further dimensions, e.g. `classification: fatal` (RT-22). */
  where: z.record(dimensionName, z.string().min(1)).default({}),
  /**
   * Counts for each value of this field by itself, and rings for the highest. What is counted are the log records whose
   * `event` is the metric's name: an alarm on a metric would have to know all values beforehand (RT-22).
   */
  per: z.enum(recordSubjects).optional(),
});
export type MetricObjective = z.infer<typeof metricObjective>;

interface Measured {
  metrics: Metric[];
  objectives: { metrics: MetricObjective[] };
  scaling: { minReplicas: number };
}

interface Fault {
  path: (string | number)[];
  message: string;
}

/** What is wrong between the metrics of a service and its objectives; `at` is the way to the service. */
export function metricFaults({ metrics, objectives, scaling }: Measured, at: (string | number)[]): Fault[] {
  const names = metrics.map(({ name }) => name);
  const keys = objectives.metrics.map(keyOf);
  return [
    ...metrics.flatMap(({ name, heartbeat, dimensions }, i): Fault[] => [
      ...(names.indexOf(name) < i
        ? [{ path: [...at, "metrics", i, "name"], message: `metric \`${name}\` is named twice` }]
        : []),
      ...(heartbeat && scaling.minReplicas === 0
        ? [{ path: [...at, "metrics", i, "heartbeat"], message: "needs a replica at all times: `minReplicas` is 0" }]
        : []),
      ...(heartbeat && dimensions.length > 0
        ? [{ path: [...at, "metrics", i, "heartbeat"], message: "needs a metric without further `dimensions`" }]
        : []),
    ]),
    ...objectives.metrics.flatMap((objective, i) => {
      const fault =
        objectiveFault(objective, metrics) ?? (keys.indexOf(keyOf(objective)) < i ? twice(objective) : undefined);
      return fault ? [{ path: [...at, "objectives", "metrics", i, fault.field], message: fault.text }] : [];
    }),
  ];
}

/** What tells the alarms of a service apart: the name, dots and underscores alike. */
function keyOf({ name }: MetricObjective): string {
  return name.replaceAll(/[._]/g, "-");
}

function twice({ name }: MetricObjective) {
  return {
    field: "name",
    text: `\`${name}\` has an objective already, or one with its name but for dots and underscores`,
  };
}

function objectiveFault({ name, where, per }: MetricObjective, metrics: Metric[]) {
  const asked = Object.keys(where);
  if (per) return asked.length > 0 ? { field: "where", text: "cannot be given together with `per`" } : undefined;
  // CloudWatch does not add up dimensions: a limit is held against one exact set of them.
  const dimensions = metrics.find(m => m.name === name)?.dimensions ?? [];
  const same = asked.length === dimensions.length && asked.every(dimension => dimensions.includes(dimension));
  const has = dimensions.length > 0 ? dimensions.map(d => `\`${d}\``).join(", ") : "no further dimension";
  return same
    ? undefined
    : { field: "where", text: `must give a value to each dimension of \`${name}\`: it has ${has}` };
}
