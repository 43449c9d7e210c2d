// Kubernetes components: the configuration of a workload's collector of traces and metrics (RT-24, RT-25). Pure.
import { resourceAttributes, spanAttributes } from "../../workload/trace-attributes";
import type { Service, Workload } from "../../workload/workload";
import { tlsPaths } from "./certificates";
import { type CollectorConfig, collectorService, memoryLimiter, otlpReceiver } from "./collector";
import { latencyMetric } from "./shown-metrics";

/** OTLP over HTTP. */
export const telemetryPort = 4318;
/** Metrics as Prometheus reads them. */
export const metricsPort = 8889;

export interface TelemetryInputs {
  services: Workload["services"];
  /** Share of traces that is kept besides those that are kept always, in percent. */
  samplePercent: number;
  /** OTLP/HTTP; without it traces stay in the collector's log. */
  endpoint?: string;
  memoryMiB: number;
}

/** Whether a service publishes anything: it has metrics, or it is traced. */
export function isMeasured({ metrics, tracing }: Pick<Service, "metrics" | "tracing">): boolean {
  return metrics.length > 0 || tracing !== undefined;
}

/**
 * Only listed attributes leave, only declared metrics are shown, each with its dimensions and no other. Span events, where
 * SDKs put messages and stack traces, and status texts do not leave; names of spans do: the process must not put content
 * into them. One collector sees all spans of a trace, since it serves the whole workload.
 */
export function telemetryConfig({ services, samplePercent, endpoint, memoryMiB }: TelemetryInputs): CollectorConfig {
  const measured = Object.values(services).filter(isMeasured);
  const traced = measured.flatMap(({ tracing }) => (tracing ? [tracing] : []));
  const always = traced.flatMap(({ alwaysKeep }) => Object.entries(alwaysKeep));
  const attributes = [...new Set([...traced.flatMap(t => t.attributes), ...always.map(([key]) => key)])].sort();
  return {
    receivers: { otlp: otlpReceiver(telemetryPort) },
    processors: {
      memory_limiter: memoryLimiter({ memoryMiB }),
      "transform/resource": {
        error_mode: "propagate",
        trace_statements: [{ context: "resource", statements: [keep("attributes", resourceAttributes)] }],
        metric_statements: [{ context: "resource", statements: [keep("attributes", resourceAttributes)] }],
      },
      // Replicas that do not say which they are would overwrite each other's points.
      "resource/instance": {
        attributes: [{ key: "service.instance.id", from_context: "client.address", action: "insert" }],
      },
      "filter/metrics": {
        error_mode: "propagate",
        metrics: { metric: [`not (IsMatch(name, ${JSON.stringify(oneOf(declaredNames(measured)))}))`] },
      },
      "transform/metrics": {
        error_mode: "propagate",
        metric_statements: [{ context: "datapoint", statements: dimensionStatements(measured) }],
      },
      ...(traced.length > 0 && {
        "filter/events": { error_mode: "propagate", traces: { spanevent: ["true"] } },
        "transform/spans": {
          error_mode: "propagate",
          trace_statements: [
            {
              context: "span",
              statements: [keep("attributes", [...spanAttributes, ...attributes]), `set(status.message, "")`],
            },
          ],
        },
        tail_sampling: {
          decision_wait: "10s",
          num_traces: 20_000,
          policies: [
            ...always.map(([key, value]) => ({
              name: `keep-${key}-${value}`,
              type: "string_attribute",
              string_attribute: { key, values: [value] },
            })),
            { name: "share", type: "probabilistic", probabilistic: { sampling_percentage: samplePercent } },
          ],
        },
        // After the sampling: before it, a batch could part the spans of a trace.
        batch: { timeout: "5s", send_batch_size: 200 },
      }),
    },
    exporters: {
      prometheus: {
        endpoint: `0.0.0.0:${metricsPort}`,
        tls: { cert_file: tlsPaths.certificate, key_file: tlsPaths.key, min_version: "1.2", reload_interval: "1h" },
        // Dots become underscores and nothing is added: the names are those of the specification.
        translation_strategy: "UnderscoreEscapingWithoutSuffixes",
        resource_to_telemetry_conversion: { enabled: true },
        // A process that is silent for so long has no metrics (RT-24).
        metric_expiration: "2m",
        enable_open_metrics: false,
      },
      ...(traced.length > 0 && traceExporter(endpoint)),
    },
    ...collectorService(
      { storage: false },
      {
        metrics: {
          receivers: ["otlp"],
          processors: [
            "memory_limiter",
            "resource/instance",
            "transform/resource",
            "filter/metrics",
            "transform/metrics",
          ],
          exporters: ["prometheus"],
        },
        ...(traced.length > 0 && {
          traces: {
            receivers: ["otlp"],
            processors: [
              "memory_limiter",
              "filter/events",
              "transform/spans",
              "transform/resource",
              "tail_sampling",
              "batch",
            ],
            exporters: [endpoint ? "otlphttp" : "debug"],
          },
        }),
      },
    ),
  };
}

/** Traces are looked at in the days after: what an endpoint does not take for minutes is given up. */
function traceExporter(endpoint: string | undefined) {
  if (!endpoint) return { debug: { verbosity: "detailed" } };
  return {
    otlphttp: {
      endpoint,
      compression: "gzip",
      sending_queue: { enabled: true, queue_size: 1000 },
      retry_on_failure: { enabled: true, max_elapsed_time: "300s" },
    },
  };
}

function declaredNames(measured: readonly Service[]): string[] {
  return [...new Set([latencyMetric.name, ...measured.flatMap(({ metrics }) => metrics.map(({ name }) => name))])];
}

/** Two services may publish one name with different dimensions: what either declares may stay. */
function dimensionStatements(measured: readonly Service[]): string[] {
  const all = measured.flatMap(({ metrics }) => metrics);
  return declaredNames(measured).map(name => {
    const dimensions = all.filter(metric => metric.name === name).flatMap(metric => metric.dimensions);
    return `${keep("attributes", [...new Set(dimensions)].sort())} where metric.name == ${JSON.stringify(name)}`;
  });
}

function keep(target: string, names: readonly string[]): string {
  return `keep_keys(${target}, [${names.map(name => JSON.stringify(name)).join(", ")}])`;
}

/** Names have letters, digits, dots and underscores only. */
function oneOf(names: readonly string[]): string {
  return `^(${names.map(name => name.replaceAll(".", "[.]")).join("|")})$`;
}
