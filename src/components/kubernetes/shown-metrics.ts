// Kubernetes components: the metrics that services publish, as the workload's collector shows them to Prometheus (RT-24). Pure.
import type { Metric } from "../../workload/metric";
import type { ClusterHome } from "./cluster-home";

/** Milliseconds from a request's arrival to its answer: scaling and alerts read it, whoever declares it. */
export const latencyMetric: Metric = {
  name: "latency.round_trip_ms",
  unit: "milliseconds",
  kind: "distribution",
  dimensions: [],
  heartbeat: false,
};

/** Milliseconds a piece of work waits before a replica takes it. */
export const queueWaitMetric = "queue.wait_ms";

/** Underscores for dots, and nothing added. */
export function shownName(metric: string): string {
  return metric.replaceAll(/[^A-Za-z0-9_]/g, "_");
}

/** Labels that all series of a service have. */
export function seriesLabels(
  { workload, environment }: Pick<ClusterHome, "workload" | "environment">,
  serviceName: string,
): Record<string, string> {
  return {
    service_namespace: workload.name,
    service_name: serviceName,
    deployment_environment_name: environment,
  };
}

/** Selector of the series that a service publishes. */
export function seriesOf(
  home: Pick<ClusterHome, "workload" | "environment">,
  serviceName: string,
  metric: string,
  more: Record<string, string> = {},
): string {
  return `${shownName(metric)}{${matchers({ ...seriesLabels(home, serviceName), ...more })}}`;
}

/** Share of a distribution over some minutes, such as its 95th percentile. */
export function quantile(selector: string, minutes: number, of = 0.95): string {
  const buckets = selector.replace("{", "_bucket{");
  return `histogram_quantile(${of}, sum by (le) (rate(${buckets}[${minutes}m])))`;
}

/** The inside of a selector. */
export function matchers(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ");
}
