// AWS components: the graphs of one service on its workload's dashboard (RT-24, SA-12). Pure.
import type { Metric } from "../../workload/metric";
import type { Service } from "../../workload/workload";
import { podNamespace } from "./eks-alarms";
import { latencyMetric, logErrorMetric, logLatencyMetric, metricNamespace, queueWaitMetric } from "./metrics";

export interface DashboardService {
  name: string;
  service: Service;
  clusterName: string;
  /** Name of the ECS service, or of the Deployment. */
  ecsServiceName: string;
  /** Namespace of its pods, if they run in EKS. */
  namespace?: string;
  requests?: { loadBalancerArnSuffix: string; targetGroupArnSuffix: string };
  dimensions: Record<string, string>;
  alarmArns: Record<string, string>;
}

/** A graph before it has a place. */
export interface Graph {
  title: string;
  metrics: unknown[][];
  /** Level at which an alarm rings. */
  limit?: number;
}

export function graphsOf(of: DashboardService): Graph[] {
  return [...(of.requests ? edgeGraphs(of, of.requests) : [ownLatency(of)]), ...replicaGraphs(of), ...ownGraphs(of)];
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

function replicaGraphs(of: DashboardService): Graph[] {
  const { dimensions, namespace } = of;
  return [
    ...(namespace === undefined ? taskGraphs(of) : podGraphs({ ...of, namespace })),
    { title: "Log records with errors", metrics: [published(logErrorMetric, dimensions, "Sum")] },
    { title: "Latency by log records, ms", metrics: [published(logLatencyMetric, dimensions, "p95")] },
  ];
}

function podGraphs({
  clusterName,
  ecsServiceName,
  namespace,
  service,
}: DashboardService & { namespace: string }): Graph[] {
  const of = ["ClusterName", clusterName, "Namespace", namespace];
  const metric = (name: string, stat: string, dimension: string) => [
    podNamespace,
    name,
    ...of,
    dimension,
    ecsServiceName,
    { stat, label: name },
  ];
  return [
    {
      title: "Pods",
      metrics: [metric("service_number_of_running_pods", "Minimum", "Service")],
      limit: service.scaling.minReplicas,
    },
    {
      title: "CPU and memory, %",
      metrics: ["cpu", "memory"].map(of => metric(`pod_${of}_utilization_over_pod_limit`, "Average", "PodName")),
      limit: 85,
    },
  ];
}

function taskGraphs({ clusterName, ecsServiceName, service }: DashboardService): Graph[] {
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
