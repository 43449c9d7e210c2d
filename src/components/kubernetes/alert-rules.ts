// Kubernetes components: the alerts of a workload as Prometheus has them, from the objectives of its specification (SA-12, RT-5, RT-22, RT-24). Pure.
// What a service publishes comes from the workload's collector, under the names of the specification with underscores for
// dots. The rest comes from what clusters have beside Prometheus: kubelet, cAdvisor, kube-state-metrics, ingress-nginx.
import type { Metric, MetricObjective } from "../../workload/metric";
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { controllerOf } from "./deployment";
import { latencyMetric, matchers, quantile, seriesOf } from "./shown-metrics";
import { isMeasured } from "./telemetry-config";

export interface AlertRule {
  alert: string;
  expr: string;
  /** How long it must be so. */
  for?: string;
  labels: Record<string, string>;
  annotations: { summary: string };
}

export interface RuleGroup {
  name: string;
  interval: string;
  rules: AlertRule[];
}

/** @throws Error if an objective counts for each of something that no dimension of its metric names. */
export function alertRules(home: ClusterHome): RuleGroup[] {
  const { workload } = home;
  return [
    ...Object.entries(workload.services).map(([name, service]) => ({
      name: `${workload.name}-${name}`,
      interval: "30s",
      rules: serviceRules(home, name, service),
    })),
    { name: `${workload.name}-storage`, interval: "60s", rules: storageRules(home) },
  ];
}

function serviceRules(home: ClusterHome, name: string, service: Service): AlertRule[] {
  const { namespace } = home;
  const rule = (key: string, summary: string, expr: string, lasting?: string): AlertRule => ({
    alert: alertName(key),
    expr,
    ...(lasting && { for: lasting }),
    labels: { severity: "page", workload: home.workload.name, service: name, environment: home.environment },
    annotations: { summary: `${name} of ${home.workload.name}: ${summary}` },
  });
  const pods = `namespace="${namespace}", pod=~"${name}-[a-z0-9]+(-[a-z0-9]+)?", container!=""`;
  const { restarts, windowMinutes } = service.lifecycle.restartBudget;
  const { minReplicas } = service.scaling;
  const kind = controllerOf(home.workload, name) === "StatefulSet" ? "statefulset" : "deployment";
  const ready = kind === "deployment" ? "deployment_status_replicas_available" : "statefulset_status_replicas_ready";
  return [
    ...(minReplicas > 0
      ? [
          rule(
            "replicas",
            `fewer than ${minReplicas} replicas are ready`,
            `kube_${ready}{namespace="${namespace}", ${kind}="${name}"} < ${minReplicas}`,
            "3m",
          ),
          rule(
            "absent",
            "nobody reports on it: it is not there, or kube-state-metrics is not",
            `absent(kube_${ready}{namespace="${namespace}", ${kind}="${name}"})`,
            "10m",
          ),
        ]
      : []),
    rule(
      "restarts",
      `more than ${restarts} restarts in ${windowMinutes} minutes: the service is stopped (RT-5)`,
      `sum(increase(kube_pod_container_status_restarts_total{${pods}}[${windowMinutes}m])) > ${restarts}`,
    ),
    rule(
      "halted",
      "the guard has stopped it: its restart budget is used up (RT-5)",
      `kube_${kind}_annotations{namespace="${namespace}", ${kind}="${name}", annotation_palisade_dev_halted!=""} > 0`,
    ),
    rule(
      "cpu",
      "CPU above 85 % of what it asks for, for a quarter of an hour: scaling has reached its end",
      `100 * sum(rate(container_cpu_usage_seconds_total{${pods}}[5m])) / sum(kube_pod_container_resource_requests{${pods}, resource="cpu"}) > 85`,
      "15m",
    ),
    rule(
      "memory",
      "memory above 85 % of its bound for a quarter of an hour",
      `100 * max(container_memory_working_set_bytes{${pods}} / on (namespace, pod, container) kube_pod_container_resource_limits{${pods}, resource="memory"}) > 85`,
      "15m",
    ),
    ...(service.network.exposure === "public"
      ? ingressRules(home, service, rule)
      : ownLatency(home, name, service, rule)),
    ...heartbeats(home, name, service, rule),
    ...service.objectives.metrics.map(objective => objectiveRule(home, name, service, objective, rule)),
  ];
}

type Make = (key: string, summary: string, expr: string, lasting?: string) => AlertRule;

/** Requests as ingress-nginx counts them; another controller has names of its own, and the customer's rules for them. */
function ingressRules({ namespace, monitoring, hostName }: ClusterHome, { objectives }: Service, rule: Make) {
  if (monitoring?.ingressMetrics !== "ingress-nginx") return [];
  const of = matchers({ exported_namespace: namespace, host: hostName });
  const requests = `nginx_ingress_controller_requests{${of}`;
  const { errorPercent, latencyP95Milliseconds } = objectives;
  return [
    rule(
      "errors",
      `more than ${errorPercent} % of requests end in a server error`,
      `100 * sum(rate(${requests}, status=~"5.."}[5m])) / sum(rate(${requests}}[5m])) > ${errorPercent}`,
      "3m",
    ),
    rule(
      "latency-p95",
      `p95 of the answer time has reached ${latencyP95Milliseconds} ms (RT-22)`,
      // It counts in seconds.
      `1000 * histogram_quantile(0.95, sum by (le) (rate(nginx_ingress_controller_request_duration_seconds_bucket{${of}}[5m]))) >= ${latencyP95Milliseconds}`,
      "3m",
    ),
  ];
}

/** No ingress measures it, so the service does. */
function ownLatency(home: ClusterHome, name: string, service: Service, rule: Make): AlertRule[] {
  if (!isMeasured(service)) return [];
  const { latencyP95Milliseconds } = service.objectives;
  return [
    rule(
      "latency-p95",
      `p95 of the answer time has reached ${latencyP95Milliseconds} ms (RT-22)`,
      `${quantile(seriesOf(home, name, latencyMetric.name), 5)} >= ${latencyP95Milliseconds}`,
      "3m",
    ),
  ];
}

/** Nobody publishes, so nobody works: silence is what these are for (RT-24). */
function heartbeats(home: ClusterHome, name: string, { metrics, scaling }: Service, rule: Make): AlertRule[] {
  return metrics
    .filter(({ heartbeat }) => heartbeat && scaling.minReplicas > 0)
    .map(metric =>
      rule(
        `heartbeat-${metric.name}`,
        `${metric.name} has not been published for five minutes (RT-24)`,
        `absent_over_time(${seriesOf(home, name, metric.name)}[5m])`,
      ),
    );
}

function objectiveRule(
  home: ClusterHome,
  name: string,
  service: Service,
  objective: MetricObjective,
  rule: Make,
): AlertRule {
  const { limit, windowMinutes, where, per } = objective;
  const metric = service.metrics.find(other => other.name === objective.name);
  const series = seriesOf(home, name, objective.name, where);
  const window = `[${windowMinutes}m]`;
  const values = Object.entries(where).map(([dimension, value]) => ` with ${dimension} ${value}`);
  const by = per ? ` by (${dimensionOf(name, objective, metric)})` : "";
  const sum =
    metric?.kind === "counter" || !metric ? `increase(${series}${window})` : `sum_over_time(${series}${window})`;
  return rule(
    `metric-${objective.name}`,
    `${objective.name}${values.join(" and")} has reached ${limit} in ${windowMinutes} minutes${per ? ` for one ${per}` : ""} (RT-22)`,
    `max(sum${by} (${sum})) >= ${limit}`,
  );
}

/** Fields of a log record by the dimension that says the same of a metric. */
const subjects = { persona_tag: ["persona_tag", "persona"], chat_id_hash: ["chat_id_hash"] } as const;

/** Here nobody counts log records: what is counted for each of something is a metric with that dimension. */
function dimensionOf(serviceName: string, { name, per }: MetricObjective, metric: Metric | undefined): string {
  const wanted: readonly string[] = per ? subjects[per] : [];
  const found = metric?.dimensions.find(dimension => wanted.includes(dimension));
  if (!found)
    throw new Error(
      `objective \`${name}\` of service \`${serviceName}\` counts per \`${per}\`; in a cluster its metric needs a dimension ` +
        `${wanted.map(dimension => `\`${dimension}\``).join(" or ")} (RT-22)`,
    );
  return found;
}

/** Volumes, those of databases and stores included: less than a tenth free. */
function storageRules({ workload, namespace, environment }: ClusterHome): AlertRule[] {
  const of = matchers({ namespace });
  return [
    {
      alert: alertName("storage"),
      expr: `100 * kubelet_volume_stats_available_bytes{${of}} / kubelet_volume_stats_capacity_bytes{${of}} < 10`,
      for: "15m",
      labels: { severity: "page", workload: workload.name, environment },
      annotations: {
        summary: `${workload.name}: less than a tenth of volume {{ $labels.persistentvolumeclaim }} is free (IS-8)`,
      },
    },
  ];
}

function alertName(key: string): string {
  return `Palisade${key
    .split(/[^A-Za-z0-9]+/)
    .map(part => part.charAt(0).toUpperCase() + part.slice(1))
    .join("")}`;
}
