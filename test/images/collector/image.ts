// Images for tests: OpenTelemetry's collector, from its Go modules. Stands in for otel/opentelemetry-collector-contrib (RT-23 to RT-25).
import type { ImageSpec } from "../../../toolchain/images";

/** User of the original. */
const COLLECTOR_UID = 10001;

export function collectorImage(binary: string): ImageSpec {
  return {
    layers: [
      {
        files: [
          { path: "otelcol-contrib", source: binary, mode: 0o755 },
          { path: "tmp", directory: true, mode: 0o1777 },
        ],
      },
    ],
    entrypoint: ["/otelcol-contrib"],
    command: ["--config", "/etc/otelcol-contrib/config.yaml"],
    user: `${COLLECTOR_UID}:${COLLECTOR_UID}`,
    ports: [4317, 4318, 13133],
  };
}
