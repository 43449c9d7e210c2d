// Kubernetes components: a workload's dashboard as Grafana takes it. Pure, and without a clock: the same deployment, the same document (RT-24, SA-12).
import { createHash } from "node:crypto";
import type { Metric } from "../../workload/metric";
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { latencyMetric, quantile, seriesOf } from "./shown-metrics";
import { isMeasured } from "./telemetry-config";

/** A graph before it has a place. */
interface Graph {
  title: string;
  /** Queries by the name of their line. */
  lines: Record<string, string>;
  /** Level at which an alert rings. */
  limit?: number;
}

const graphWidth = 8;
const graphHeight = 8;
const columns = 24;
const datasource = { type: "prometheus", uid: "$datasource" };

export function dashboard(home: ClusterHome): object {
  const { workload, environment } = home;
  const panels: object[] = [text(header(home))];
  let y = 3;
  for (const [name, service] of Object.entries(workload.services)) {
    panels.push({ type: "row", title: name, collapsed: false, gridPos: { x: 0, y, w: columns, h: 1 }, panels: [] });
    const graphs = graphsOf(home, name, service);
    panels.push(...graphs.map((graph, i) => panel(graph, i, y + 1)));
    y += 1 + graphHeight * Math.ceil(graphs.length / (columns / graphWidth));
  }
  return {
    uid: createHash("sha256").update(`${workload.name}-${environment}`).digest("hex").slice(0, 24),
    title: `${workload.title}, ${environment}`,
    tags: ["palisade", workload.name, environment],
    schemaVersion: 39,
    editable: false,
    timezone: "utc",
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", hide: 0 }] },
    annotations: { list: deployments(home) },
    panels: panels.map((each, id) => ({ id: id + 1, ...each })),
  };
}

function header({ workload, environment, buildSha, release }: ClusterHome): string {
  const facts = [
    `manifest ${release?.manifestId ? `\`${release.manifestId}\`` : "none"}`,
    `build \`${buildSha}\``,
    ...(release?.deployedAt ? [`deployed ${release.deployedAt}`] : []),
  ];
  return `# ${workload.title}, ${environment}\n${facts.join(" · ")}`;
}

/** A line in every graph where the build changes: kube-state-metrics tells when a Deployment was made anew (RT-24). */
function deployments({ namespace, buildSha, release }: ClusterHome) {
  return [
    {
      name: `release ${[release?.manifestId, buildSha.slice(0, 12)].filter(Boolean).join(" ")}`,
      datasource,
      enable: true,
      iconColor: "blue",
      expr: `changes(kube_deployment_status_observed_generation{namespace="${namespace}"}[1m]) > 0`,
      step: "60s",
    },
  ];
}

function graphsOf(home: ClusterHome, name: string, service: Service): Graph[] {
  return [...latency(home, name, service), ...podGraphs(home, name, service), ...ownGraphs(home, name, service)];
}

function latency(home: ClusterHome, name: string, service: Service): Graph[] {
  const { namespace, hostName, monitoring } = home;
  const { latencyP95Milliseconds: limit } = service.objectives;
  const of = `exported_namespace="${namespace}", host="${hostName}"`;
  if (service.network.exposure === "public" && monitoring?.ingressMetrics === "ingress-nginx") {
    const buckets = `nginx_ingress_controller_request_duration_seconds_bucket{${of}}`;
    return [
      { title: "Requests / s", lines: { requests: `sum(rate(nginx_ingress_controller_requests{${of}}[5m]))` } },
      {
        title: "Latency, ms",
        lines: percentiles(q => `1000 * histogram_quantile(${q}, sum by (le) (rate(${buckets}[5m])))`),
        limit,
      },
      {
        title: "Errors / s",
        lines: Object.fromEntries(
          ["5..", "4.."].map(status => [
            status,
            `sum(rate(nginx_ingress_controller_requests{${of}, status=~"${status}"}[5m]))`,
          ]),
        ),
      },
    ];
  }
  if (!isMeasured(service) || service.metrics.some(metric => metric.name === latencyMetric.name)) return [];
  const series = seriesOf(home, name, latencyMetric.name);
  return [{ title: "Latency, ms", lines: percentiles(q => quantile(series, 5, q)), limit }];
}

function podGraphs({ namespace }: ClusterHome, name: string, { scaling }: Service): Graph[] {
  const pods = `namespace="${namespace}", pod=~"${name}-[a-z0-9]+(-[a-z0-9]+)?", container!=""`;
  return [
    {
      title: "Pods that are ready",
      lines: { ready: `sum(kube_pod_status_ready{namespace="${namespace}", pod=~"${name}-.*", condition="true"})` },
      limit: scaling.minReplicas,
    },
    {
      title: "CPU and memory, %",
      lines: {
        cpu: `100 * sum(rate(container_cpu_usage_seconds_total{${pods}}[5m])) / sum(kube_pod_container_resource_requests{${pods}, resource="cpu"})`,
        memory: `100 * sum(container_memory_working_set_bytes{${pods}}) / sum(kube_pod_container_resource_limits{${pods}, resource="memory"})`,
      },
      limit: 85,
    },
    {
      title: "Restarts in 15 minutes",
      lines: { restarts: `sum(increase(kube_pod_container_status_restarts_total{${pods}}[15m]))` },
    },
  ];
}

/** What the service publishes itself: what it says it does, and what its objectives hold it to. */
function ownGraphs(home: ClusterHome, name: string, { metrics, objectives }: Service): Graph[] {
  return metrics.map(metric => {
    const objective = objectives.metrics.find(other => other.name === metric.name);
    const limit =
      metric.name === latencyMetric.name ? objectives.latencyP95Milliseconds : (objective?.limit ?? undefined);
    return { title: `${metric.name}, ${metric.unit}`, lines: lines(home, name, metric), limit };
  });
}

function lines(home: ClusterHome, name: string, metric: Metric): Record<string, string> {
  const series = seriesOf(home, name, metric.name);
  const by = metric.dimensions.length > 0 ? ` by (${metric.dimensions.join(", ")})` : "";
  const key = metric.dimensions.map(dimension => `{{${dimension}}}`).join(" ");
  switch (metric.kind) {
    case "counter":
      return { [key || "sum"]: `sum${by} (increase(${series}[5m]))` };
    case "gauge":
      return { [`${key} average`.trim()]: `avg${by} (${series})`, [`${key} maximum`.trim()]: `max${by} (${series})` };
    case "distribution":
      return percentiles(q => quantile(series, 5, q));
  }
}

function percentiles(query: (q: number) => string): Record<string, string> {
  return Object.fromEntries([0.5, 0.95, 0.99].map(q => [`p${q * 100}`, query(q)]));
}

function panel({ title, lines: queries, limit }: Graph, index: number, y: number) {
  const perRow = columns / graphWidth;
  return {
    type: "timeseries",
    title,
    datasource,
    gridPos: {
      x: (index % perRow) * graphWidth,
      y: y + Math.floor(index / perRow) * graphHeight,
      w: graphWidth,
      h: graphHeight,
    },
    fieldConfig: {
      defaults: {
        custom: { thresholdsStyle: { mode: limit === undefined ? "off" : "line" } },
        thresholds: {
          mode: "absolute",
          steps: [{ color: "green", value: null }, ...(limit === undefined ? [] : [{ color: "red", value: limit }])],
        },
      },
      overrides: [],
    },
    targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      expr,
      legendFormat,
    })),
  };
}

function text(content: string) {
  return {
    type: "text",
    title: "",
    gridPos: { x: 0, y: 0, w: columns, h: 3 },
    options: { mode: "markdown", content },
  };
}
