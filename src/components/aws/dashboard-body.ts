// AWS components: what a workload's dashboard shows, as the JSON CloudWatch takes. Pure, and without a clock: the same deployment, the same body.
import type { Metric } from "../../workload/metric";
import type { Service } from "../../workload/workload";
import { latencyMetric, logErrorMetric, logLatencyMetric, metricNamespace, queueWaitMetric } from "./metrics";

/** What is deployed. */
export interface Release {
  /** Git commit of the images. */
  buildSha: string;
  /** Config manifest the deployment was made from (RT-13). */
  manifestId?: string;
  /** When the release was deployed, RFC 3339; from the release's configuration, since a clock would change every preview. */
  deployedAt?: string;
}

export interface DashboardService {
  name: string;
  service: Service;
  clusterName: string;
  ecsServiceName: string;
  requests?: { loadBalancerArnSuffix: string; targetGroupArnSuffix: string };
  dimensions: Record<string, string>;
  alarmArns: Record<string, string>;
}

export interface DashboardInputs {
  title: string;
  environment: string;
  region: string;
  release: Release;
  services: DashboardService[];
}

export interface Widget {
  type: "text" | "metric" | "alarm";
  x: number;
  y: number;
  width: number;
  height: number;
  properties: Record<string, unknown>;
}

/** A graph before it has a place. */
interface Graph {
  title: string;
  metrics: unknown[][];
  /** Level at which an alarm rings. */
  limit?: number;
}

const columns = 24;
const graphWidth = 8;
const graphHeight = 6;
/** A widget takes no more alarms. */
const alarmsPerWidget = 100;

export function dashboardBody(inputs: DashboardInputs): { widgets: Widget[] } {
  const widgets = [text(0, 2, header(inputs)), ...alarmWidgets(inputs.services, 2)];
  let y = bottom(widgets);
  for (const service of inputs.services) {
    const graphs = graphsOf(service).map((graph, i) => graphWidget(graph, i, y + 1, inputs));
    widgets.push(text(y, 1, `## ${service.name}\n`), ...graphs);
    y = bottom(widgets);
  }
  return { widgets };
}

function header({ title, environment, release }: DashboardInputs): string {
  const { manifestId, buildSha, deployedAt } = release;
  const facts = [
    `manifest ${manifestId ? `\`${manifestId}\`` : "none"}`,
    `build \`${buildSha}\``,
    ...(deployedAt ? [`deployed ${deployedAt}`] : []),
  ];
  return `# ${title}, ${environment}\n${facts.join(" · ")}\n`;
}

/** The vertical line in every graph (RT-24). */
function deployment({ manifestId, buildSha, deployedAt }: Release) {
  if (!deployedAt) return [];
  const label = [manifestId, buildSha.slice(0, 12)].filter(Boolean).join(" ");
  return [{ label, value: deployedAt }];
}

function alarmWidgets(services: DashboardService[], y: number): Widget[] {
  const arns = services.flatMap(({ alarmArns }) => Object.values(alarmArns));
  const chunks = Array.from({ length: Math.ceil(arns.length / alarmsPerWidget) }, (_, i) =>
    arns.slice(i * alarmsPerWidget, (i + 1) * alarmsPerWidget),
  );
  return chunks.map((alarms, i) => ({
    type: "alarm",
    x: 0,
    y: y + i * 4,
    width: columns,
    height: 4,
    properties: { title: "Alarms", alarms },
  }));
}

function graphsOf(of: DashboardService): Graph[] {
  return [...(of.requests ? edgeGraphs(of, of.requests) : [ownLatency(of)]), ...taskGraphs(of), ...ownGraphs(of)];
}

function edgeGraphs({ service }: DashboardService, requests: NonNullable<DashboardService["requests"]>): Graph[] {
  const dimensions = ["LoadBalancer", requests.loadBalancerArnSuffix, "TargetGroup", requests.targetGroupArnSuffix];
  const metric = (name: string, stat: string) => ["AWS/ApplicationELB", name, ...dimensions, { stat, label: stat }];
  const count = (name: string) => ["AWS/ApplicationELB", name, ...dimensions, { stat: "Sum", label: name }];
  return [
    { title: "Requests", metrics: [count("RequestCount")] },
    {
      title: "Latency, s",
      metrics: ["p50", "p95", "p99"].map(stat => metric("TargetResponseTime", stat)),
      limit: service.objectives.latencyP95Milliseconds / 1000,
    },
    { title: "Errors", metrics: [count("HTTPCode_Target_5XX_Count"), count("HTTPCode_Target_4XX_Count")] },
  ];
}

function ownLatency({ service, dimensions }: DashboardService): Graph {
  return {
    title: "Latency, ms",
    metrics: ["p50", "p95", "p99"].map(stat => published(latencyMetric, dimensions, stat)),
    limit: service.objectives.latencyP95Milliseconds,
  };
}

function taskGraphs({ clusterName, ecsServiceName, dimensions, service }: DashboardService): Graph[] {
  const of = ["ClusterName", clusterName, "ServiceName", ecsServiceName];
  const metric = (namespace: string, name: string, stat: string) => [namespace, name, ...of, { stat, label: name }];
  return [
    {
      title: "Tasks",
      metrics: ["RunningTaskCount", "DesiredTaskCount"].map(name => metric("ECS/ContainerInsights", name, "Minimum")),
      limit: service.scaling.minReplicas,
    },
    {
      title: "CPU and memory, %",
      metrics: ["CPUUtilization", "MemoryUtilization"].map(name => metric("AWS/ECS", name, "Average")),
      limit: 85,
    },
    { title: "Log records with errors", metrics: [published(logErrorMetric, dimensions, "Sum")] },
    { title: "Latency by log records, ms", metrics: [published(logLatencyMetric, dimensions, "p95")] },
  ];
}

/** What the service publishes itself: what it says it does, what its objectives hold it to, what its scaling reads. */
function ownGraphs({ service, dimensions }: DashboardService): Graph[] {
  const { metrics, objectives, scaling } = service;
  const said = new Set(metrics.map(({ name }) => name));
  const queue = scaling.targets.some(({ metric }) => metric === "queue-wait") ? [queueWaitMetric] : [];
  const unsaid = [...objectives.metrics.map(({ name }) => name), ...queue].filter(name => !said.has(name));
  return [
    ...metrics.map(metric => ({
      title: `${metric.name}, ${metric.unit}`,
      metrics: statistics[metric.kind].map(stat => published(metric.name, dimensions, stat, metric.dimensions)),
    })),
    ...[...new Set(unsaid)].map(name => ({ title: name, metrics: [published(name, dimensions, "Sum")] })),
  ];
}

const statistics: Record<Metric["kind"], string[]> = {
  counter: ["Sum"],
  gauge: ["Average", "Maximum"],
  distribution: ["p50", "p95", "p99"],
};

/** A metric of the platform's namespace; one line for each value of its further dimensions. */
function published(name: string, dimensions: Record<string, string>, stat: string, further: string[] = []): unknown[] {
  const known = Object.entries(dimensions);
  if (further.length === 0) return [metricNamespace, name, ...known.flat(), { stat, label: stat }];
  const schema = [metricNamespace, ...known.map(([dimension]) => dimension), ...further].join(",");
  const terms = [["MetricName", name], ...known].map(([field, value]) => `${field}="${value}"`).join(" ");
  return [{ expression: `SEARCH('{${schema}} ${terms}', '${stat}', 300)`, label: "" }];
}

function graphWidget({ title, metrics, limit }: Graph, index: number, y: number, inputs: DashboardInputs): Widget {
  const perRow = columns / graphWidth;
  return {
    type: "metric",
    x: (index % perRow) * graphWidth,
    y: y + Math.floor(index / perRow) * graphHeight,
    width: graphWidth,
    height: graphHeight,
    properties: {
      title,
      region: inputs.region,
      view: "timeSeries",
      period: 300,
      metrics,
      annotations: {
        horizontal: limit === undefined ? [] : [{ label: "alarm", value: limit }],
        vertical: deployment(inputs.release),
      },
    },
  };
}

function text(y: number, height: number, markdown: string): Widget {
  return { type: "text", x: 0, y, width: columns, height, properties: { markdown } };
}

function bottom(widgets: readonly Widget[]): number {
  return Math.max(0, ...widgets.map(({ y, height }) => y + height));
}
