// AWS components: the configuration of a task's telemetry collector (RT-25). Pure; AWS Distro for OpenTelemetry has every part of it.
import { resourceAttributes, spanAttributes } from "../../workload/trace-attributes";
import type { Service } from "../../workload/workload";
import { complementPattern } from "./complement-pattern";

export interface CollectorInputs {
  tracing: NonNullable<Service["tracing"]>;
  /** Share of traces that is kept besides those that are kept always, in percent. */
  samplePercent: number;
  /** Where the spans go: to X-Ray, or to the collector's own output, which is the log of the task (dev). */
  exporter: "xray" | "console";
  region: string;
  memoryMiB: number;
}

/** Address at which the process reaches the collector. Plain, since it never leaves the task (SA-6). */
export const collectorEndpoint = "127.0.0.1:4317";

/**
 * The configuration as JSON, which is YAML. Only listed attributes leave the task; span events, where SDKs put messages and
 * stack traces, do not. Names and status texts of spans do: the process must not put content into them.
 *
 * A trace is sampled as a whole by the collector that has all of its spans: that of the one task it ran in. What a peer in
 * another task adds is sampled there by itself, by the same trace id and percentage, so that the percentage agrees; but
 * `alwaysKeep` keeps the part of the task in which its span was.
 */
export function collectorConfig({ tracing, samplePercent, exporter, region, memoryMiB }: CollectorInputs): string {
  const kept = [...new Set([...tracing.attributes, ...Object.keys(tracing.alwaysKeep)])].sort();
  const config = {
    receivers: { otlp: { protocols: { grpc: { endpoint: collectorEndpoint } } } },
    processors: {
      memory_limiter: {
        check_interval: "1s",
        limit_mib: Math.floor(memoryMiB * 0.75),
        spike_limit_mib: Math.floor(memoryMiB * 0.15),
      },
      "filter/events": { error_mode: "propagate", traces: { spanevent: ['IsMatch(name, ".*")'] } },
      "attributes/listed": { actions: [onlyThese([...spanAttributes, ...kept])] },
      "resource/listed": { attributes: [onlyThese(resourceAttributes)] },
      tail_sampling: { decision_wait: "10s", num_traces: 5000, policies: policies(tracing.alwaysKeep, samplePercent) },
      // After the sampling: before it, a batch could part the spans of a trace.
      batch: { timeout: "5s", send_batch_size: 50 },
    },
    exporters: exporters(exporter, region, kept),
    service: {
      // No port for anybody to scrape.
      telemetry: { metrics: { level: "none" } },
      pipelines: {
        traces: {
          receivers: ["otlp"],
          processors: [
            "memory_limiter",
            "filter/events",
            "attributes/listed",
            "resource/listed",
            "tail_sampling",
            "batch",
          ],
          exporters: [exporter === "xray" ? "awsxray" : "debug"],
        },
      },
    },
  };
  // The collector takes `$` for the start of a variable, and `$$` for a dollar.
  return JSON.stringify(config).replaceAll("$", "$$$$");
}

/** One policy that says yes is enough: everything that is always kept, and a share of the rest. */
function policies(alwaysKeep: Record<string, string>, samplePercent: number) {
  return [
    ...Object.entries(alwaysKeep).map(([key, value]) => ({
      name: `keep-${key}`,
      type: "string_attribute",
      string_attribute: { key, values: [value] },
    })),
    { name: "share", type: "probabilistic", probabilistic: { sampling_percentage: samplePercent } },
  ];
}

function onlyThese(names: readonly string[]) {
  return { action: "delete", pattern: complementPattern(names) };
}

function exporters(exporter: CollectorInputs["exporter"], region: string, annotations: readonly string[]) {
  if (exporter === "console") return { debug: { verbosity: "detailed" } };
  return {
    awsxray: {
      region,
      indexed_attributes: annotations,
      // A task has no instance whose metadata could be asked for.
      local_mode: true,
      telemetry: { enabled: true, include_metadata: false },
    },
  };
}
