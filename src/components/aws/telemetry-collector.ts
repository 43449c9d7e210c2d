// AWS components: the telemetry collector beside each service that is traced: its container, its permission, the process's variables (RT-25).
import type { PolicyStatement } from "@pulumi/aws/iam";
import type { Workload } from "../../workload/workload";
import { type CollectorInputs, collectorConfig, collectorEndpoint } from "./collector-config";
import type { PlatformImages } from "./platform-images";
import type { ServiceContributor, ServiceParts } from "./service-parts";

export interface TelemetryCollectorArgs extends Pick<CollectorInputs, "samplePercent" | "exporter"> {
  workload: Workload;
  images: PlatformImages;
  environment: string;
  region: string;
  /** Git commit of the images (RT-23). */
  buildSha: string;
}

/** What a task holds for its collector. */
export const collectorResources = { cpuMillicores: 128, memoryMiB: 256 };

/** Registers nothing of its own: a collector lives in the tasks of its service. */
export class TelemetryCollector implements ServiceContributor {
  constructor(private readonly args: TelemetryCollectorArgs) {}

  /** @throws Error if the service is traced and the stack has no image of the collector. */
  partsFor(serviceName: string): ServiceParts {
    const { workload, images, ...args } = this.args;
    const tracing = workload.services[serviceName]?.tracing;
    if (!tracing) return {};
    const image = images.find("telemetry-collector");
    return {
      statements: args.exporter === "xray" ? [writeTraces()] : [],
      environment: processVariables(workload.name, serviceName, args),
      sidecars: [
        {
          name: "telemetry",
          image: image.reference,
          user: 10001,
          environment: {
            // The distribution reads its configuration from this variable.
            AOT_CONFIG_CONTENT: collectorConfig({ tracing, ...args, memoryMiB: collectorResources.memoryMiB }),
          },
          resources: collectorResources,
        },
      ],
      repositoryArns: [image.repositoryArn],
    };
  }
}

/** The variables of OpenTelemetry's specification, which every SDK reads. */
function processVariables(
  workloadName: string,
  serviceName: string,
  { environment, buildSha }: Pick<TelemetryCollectorArgs, "environment" | "buildSha">,
) {
  const resource = {
    "deployment.environment.name": environment,
    "service.namespace": workloadName,
    "service.version": buildSha,
  };
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collectorEndpoint}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_SERVICE_NAME: serviceName,
    OTEL_RESOURCE_ATTRIBUTES: Object.entries(resource)
      .map(pair => pair.join("="))
      .join(","),
    // The collector samples, once it has seen how a trace ends; what the process drops could have been fatal.
    OTEL_TRACES_SAMPLER: "always_on",
    // Traces only: metrics go to CloudWatch, logs to standard output (RT-23, RT-24).
    OTEL_METRICS_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
  };
}

function writeTraces(): PolicyStatement {
  return {
    Effect: "Allow",
    Action: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
    // X-Ray knows no resource for either.
    Resource: "*",
  };
}
