// Kubernetes components: the collector of a workload's traces and metrics, and what its services are told of it (RT-24, RT-25).
import { guardName, hasLadder } from "./capacity-ladder";
import { certificateMount, certificatePlan, certificateVolume, tlsPaths } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { collectorOf, collectorUser } from "./collector";
import { addressWays, helperObjects, wayOf } from "./helper";
import { serviceHost } from "./names";
import { foreignPeer } from "./network-policies";
import type { PodParts, Way, WorkloadPart } from "./pod-parts";
import { isMeasured, metricsPort, telemetryConfig, telemetryPort } from "./telemetry-config";

export const collectorName = "collector";
const bounds = { cpuMillicores: 100, memoryMiB: 512 };

/** @throws Error if the stack names an endpoint of traces and not where it lies. */
export function telemetryPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, tracing, monitoring } = home;
  const measured = Object.entries(workload.services).filter(([, service]) => isMeasured(service));
  if (measured.length === 0) return {};
  const collector = collectorOf({
    workload: workload.name,
    part: collectorName,
    namespace,
    image: helperImage(home, "collector"),
    config: telemetryConfig({ services: workload.services, ...tracing, memoryMiB: bounds.memoryMiB }),
    bounds,
    ports: [
      { name: "otlp-http", number: telemetryPort },
      { name: "metrics", number: metricsPort },
    ],
    mounts: [certificateMount],
  });
  const prometheus = monitoring?.prometheus;
  const reads: Way[] = [
    ...(measured.some(([, service]) => hasLadder(service)) ? [wayOf(home, guardName, metricsPort)] : []),
    ...(prometheus ? [{ name: "prometheus", peer: foreignPeer(prometheus), port: metricsPort }] : []),
  ];
  return {
    partsFor: serviceName => (measured.some(([name]) => name === serviceName) ? publisherParts(home, serviceName) : {}),
    objects: [
      collector.configMap,
      ...helperObjects(home, {
        name: collectorName,
        user: collectorUser,
        ports: { "otlp-http": telemetryPort, metrics: metricsPort },
        ingress: [...measured.map(([name]) => wayOf(home, name, telemetryPort)), ...reads],
        egress: traceWays(home),
        podAnnotations: collector.annotations,
        volumes: [collector.volume, certificateVolume(collectorName)],
        containers: [collector.container],
      }),
    ],
    secrets: [certificatePlan({ workload: workload.name, part: collectorName, namespace })],
  };
}

/** The variables of OpenTelemetry's specification, which every SDK reads. */
function publisherParts(home: ClusterHome, serviceName: string): PodParts {
  const { workload, namespace, environment, buildSha } = home;
  const traced = workload.services[serviceName]?.tracing !== undefined;
  const resource = {
    "deployment.environment.name": environment,
    "service.namespace": workload.name,
    "service.version": buildSha,
  };
  return {
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `https://${serviceHost(collectorName, namespace)}:${telemetryPort}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_CERTIFICATE: tlsPaths.authority,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: tlsPaths.certificate,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: tlsPaths.key,
      OTEL_SERVICE_NAME: serviceName,
      OTEL_RESOURCE_ATTRIBUTES: Object.entries(resource)
        .map(pair => pair.join("="))
        .join(","),
      // The collector samples, once it has seen how a trace ends; what the process drops could have been fatal.
      OTEL_TRACES_SAMPLER: "always_on",
      OTEL_TRACES_EXPORTER: traced ? "otlp" : "none",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative",
      OTEL_METRIC_EXPORT_INTERVAL: "15000",
      // Logs go to standard output (RT-23).
      OTEL_LOGS_EXPORTER: "none",
    },
    egress: [wayOf(home, collectorName, telemetryPort)],
  };
}

/** A policy knows no names, so that the stack says where the endpoint lies. */
function traceWays({ tracing, workload }: ClusterHome): Way[] {
  const { endpoint, ranges = [], peer } = tracing;
  const traced = Object.values(workload.services).some(service => service.tracing);
  if (!endpoint || !traced) return [];
  if (!peer && ranges.length === 0)
    throw new Error(
      "`tracing.endpoint` is given without `tracing.ranges` or `tracing.peer`; a policy opens the way to one of them (SA-9)",
    );
  const url = new URL(endpoint);
  const port = Number(url.port || (url.protocol === "http:" ? 80 : 443));
  return [...addressWays("traces", ranges, port), ...(peer ? [{ name: "traces", peer: foreignPeer(peer), port }] : [])];
}
