// Kubernetes components: what all uses of the collector have in common: its container, its configuration as a ConfigMap, how it is sent to (RT-23, RT-25, SA-6).
// The image keeps the contract of otel/opentelemetry-collector-contrib: `--config=FILE` is read by its entry point.
import { createHash } from "node:crypto";
import { tlsPaths } from "./certificates";
import type { ContainerInputs } from "./container";
import { type KubernetesObject, labelsOf } from "./object";
import type { PodVolume, VolumeMount } from "./pod-parts";
import type { Bounds } from "./resources";

/** User of the upstream image. */
export const collectorUser = 10_001;

const configDirectory = "/etc/palisade/collector";
const healthPort = 13_133;
/** Where a collector keeps how far it has read, and what it has not delivered. */
export const collectorStorage = "/var/lib/palisade/collector";

export type CollectorConfig = Record<string, unknown>;

/** A reference to a variable, which the collector fills in: the only way a secret comes into its configuration (PF-7). */
export function fromVariable(name: string): { variable: string } {
  return { variable: name };
}

/** JSON is YAML. The collector takes `$` for the start of a variable, and `$$` for a dollar. */
export function collectorText(config: CollectorConfig): string {
  const marked = (_key: string, value: unknown) => (isVariable(value) ? `\u0000${value.variable}\u0000` : value);
  return `${JSON.stringify(config, marked, 2)
    .replaceAll("$", "$$$$")
    .replaceAll(/\\u0000(\w+)\\u0000/g, (_all, name) => `$\{env:${name}}`)}\n`;
}

function isVariable(value: unknown): value is { variable: string } {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "variable";
}

export interface Collector {
  /** ConfigMap with the configuration. */
  configMap: KubernetesObject;
  /** Goes into the pod's annotations: another configuration, other pods. */
  annotations: Record<string, string>;
  volume: PodVolume;
  container: ContainerInputs;
}

export function collectorOf(of: {
  workload: string;
  part: string;
  namespace: string;
  image: string;
  config: CollectorConfig;
  bounds: Bounds;
  mounts?: readonly VolumeMount[];
  ports?: readonly { name: string; number: number }[];
  secretEnvironment?: Record<string, { secret: string; key: string }>;
}): Collector {
  const name = `${of.part}-config`;
  const text = collectorText(of.config);
  const ask = { httpGet: { path: "/", port: healthPort }, timeoutSeconds: 3 };
  return {
    configMap: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: of.namespace, labels: labelsOf(of.workload, of.part) },
      data: { "config.yaml": text },
    },
    annotations: { "palisade.dev/configuration": createHash("sha256").update(text).digest("hex") },
    volume: { name: "configuration", configMap: { name, defaultMode: 0o444 } },
    container: {
      name: "collector",
      image: of.image,
      args: [`--config=${configDirectory}/config.yaml`],
      bounds: of.bounds,
      secretEnvironment: of.secretEnvironment,
      // A garbage collector that knows its limit collects before it is killed.
      environment: { GOMEMLIMIT: `${Math.floor(of.bounds.memoryMiB * 0.8)}MiB` },
      ports: of.ports,
      mounts: [{ name: "configuration", mountPath: configDirectory, readOnly: true }, ...(of.mounts ?? [])],
      more: {
        startupProbe: { ...ask, periodSeconds: 2, failureThreshold: 30 },
        readinessProbe: { ...ask, periodSeconds: 10 },
        livenessProbe: { ...ask, periodSeconds: 15, failureThreshold: 3 },
      },
    },
  };
}

/** Extensions and the collector's own telemetry: its log is its output, and nobody scrapes it. */
export function collectorService(
  { storage }: { storage: boolean },
  pipelines: Record<string, unknown>,
): Pick<CollectorConfig, "extensions" | "service"> {
  return {
    extensions: {
      health_check: { endpoint: `0.0.0.0:${healthPort}` },
      ...(storage && {
        file_storage: {
          directory: collectorStorage,
          create_directory: true,
          timeout: "10s",
          // What was written is on disk before its place is noted.
          fsync: true,
          compaction: { on_start: true, directory: collectorStorage },
        },
      }),
    },
    service: {
      extensions: ["health_check", ...(storage ? ["file_storage"] : [])],
      telemetry: { logs: { level: "warn", encoding: "json" }, metrics: { level: "none" } },
      pipelines,
    },
  };
}

/** OTLP over HTTP on this port of every interface, from whoever has a certificate of the authority (SA-6). */
export function otlpReceiver(port: number) {
  return {
    protocols: {
      http: {
        endpoint: `0.0.0.0:${port}`,
        tls: {
          cert_file: tlsPaths.certificate,
          key_file: tlsPaths.key,
          client_ca_file: tlsPaths.authority,
          min_version: "1.2",
          reload_interval: "1h",
        },
      },
    },
  };
}

export function memoryLimiter({ memoryMiB }: Pick<Bounds, "memoryMiB">) {
  return {
    check_interval: "1s",
    limit_mib: Math.floor(memoryMiB * 0.75),
    spike_limit_mib: Math.floor(memoryMiB * 0.15),
  };
}

/** A queue on disk that gives nothing up: what the other side does not take now it takes later. */
export const persistentDelivery = {
  sending_queue: { enabled: true, storage: "file_storage", queue_size: 10_000, block_on_overflow: true },
  retry_on_failure: { enabled: true, initial_interval: "1s", max_interval: "30s", max_elapsed_time: "0s" },
};
