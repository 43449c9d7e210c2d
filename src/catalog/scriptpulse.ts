// Catalogue: ScriptPulse, which analyses one script per call in memory and keeps no more than the record that it did.
import { defineWorkload } from "../workload/workload";

export const scriptpulse = defineWorkload({
  name: "scriptpulse",
  title: "ScriptPulse",
  services: {
    api: {
      description:
        "Analyses one script per call and forgets it (SP-1, SP-2); behind the edge's 443 it listens on 8443.",
      image: { repository: "scriptpulse/api", user: 1000, command: ["gunicorn", "scriptpulse.api:app"] },
      memoryOnly: true,
      ports: [{ name: "api", number: 8443 }],
      health: { path: "/healthz", port: "api" },
      // With the log router beside it, a whole core and 2 GiB.
      resources: { cpuMillicores: 900, memoryMiB: 1920 },
      tmpfs: [{ path: "/tmp", sizeMiB: 64 }],
      scaling: {
        minReplicas: 2,
        maxReplicas: 20,
        targets: [
          { metric: "cpu", percent: 60 },
          { metric: "requests-per-replica", perMinute: 120 },
        ],
      },
      // A script is longer than what the edge's firewall can look at.
      network: { exposure: "public", egress: [], minimumTls: "1.3", largeBodies: true },
      environment: {
        APP_ENV: { from: "environment" },
        BUILD_SHA: { from: "build-sha" },
        GUNICORN_CMD_ARGS: "--bind=0.0.0.0:8443 --worker-tmp-dir=/tmp",
        // Nothing is written beside the source, which is immutable (SP-11), and no line waits in a buffer.
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUNBUFFERED: "1",
        TMPDIR: "/tmp",
      },
      logs: [
        {
          kind: "application",
          fields: {
            time: "timestamp",
            level: { oneOf: ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] },
            event: "identifier",
            request_id: "identifier",
            status: "number",
            duration_ms: "number",
          },
        },
        {
          kind: "compliance",
          fields: {
            run_id: "digest",
            timestamp: "timestamp",
            role: { oneOf: ["WRITER", "READER", "ADMIN", "RESEARCHER"] },
            assertion: { oneOf: ["NON_DECISIONAL_SUPPORT"] },
          },
        },
        {
          kind: "telemetry",
          fields: {
            scene_count: "number",
            dialogue_ratio: "ratio",
            action_ratio: "ratio",
            heading_ratio: "ratio",
            other_ratio: "ratio",
            alert_count: "number",
          },
        },
      ],
      objectives: { latencyP95Milliseconds: 5000, errorPercent: 1 },
    },
  },
  tenancy: { claim: "tenant_id", requestsPerMinute: 60 },
});
