// The workload model is wide enough for all five systems: what each of the others asks for can be said, control by control.
import { describe, expect, test } from "vitest";
import { defineWorkload } from "../../../src/workload/workload";

describe("ISS", () => {
  const iss = defineWorkload({
    name: "iss",
    title: "ISS Module v2",
    services: {
      api: {
        description: "Forensic time and SPICE descriptors.",
        image: { repository: "iss/module", user: 1000 },
        ports: [{ name: "api", number: 8000 }],
        health: { path: "/health", port: "api" },
        resources: { cpuMillicores: 1000, memoryMiB: 4096 },
        scaling: { minReplicas: 3, maxReplicas: 3 },
        network: { exposure: "public" },
        environment: { PORT: "8000", STORAGE_PATH: "/app/forensic_logs", ALLOW_ORIGINS: { from: "frontend-origin" } },
        logs: [
          { kind: "application" },
          { kind: "audit", file: "/app/forensic_logs/forensic_audit.log" },
          { kind: "audit", file: "/app/spice_layer/constitutional_binding.jsonl" },
        ],
      },
    },
    state: {
      volumes: {
        "forensic-logs": { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/forensic_logs" }] },
        "spice-layer": { sizeGiB: 10, sharing: "replicas", mounts: [{ service: "api", path: "/app/spice_layer" }] },
        "memory-matrix": {
          sizeGiB: 10,
          sharing: "replicas",
          mounts: [{ service: "api", path: "/app/memory_matrix", readOnly: true }],
        },
      },
    },
    secrets: { SECRET_KEY: { description: "Signs sessions.", source: "generated", readers: ["api"] } },
    frontend: { api: "api", hosting: "external" },
  });

  test("three replicas share three directories of user 1000, the vaults read-only (IS-3, IS-4, IS-9)", () => {
    expect(iss.services.api?.scaling.minReplicas).toBe(3);
    expect(Object.values(iss.state.volumes).every(v => v.ownerUser === 1000 && v.sharing === "replicas")).toBe(true);
    expect(iss.state.volumes["memory-matrix"]?.mounts[0]?.readOnly).toBe(true);
  });

  test("both forensic logs are named for the sink (IS-6)", () => {
    expect(iss.services.api?.logs.filter(log => log.kind === "audit")).toHaveLength(2);
  });
});

test("the router: one active, one passive, egress to two hosts, drain, budget, back-pressure (RT-4…RT-7, RT-22, RT-25, RT-27, RT-30)", () => {
  const router = defineWorkload({
    name: "router",
    title: "Telegram router",
    services: {
      poller: {
        description: "Polls Telegram and forwards to A2A.",
        image: { repository: "router/poller" },
        ports: [{ name: "ops", number: 8080, protocol: "http" }],
        health: { path: "/healthz", port: "ops" },
        lifecycle: { checkCommand: ["--check-config"], stopTimeoutSeconds: 30 },
        resources: {
          cpuMillicores: 500,
          memoryMiB: 512,
          ceiling: { cpuMillicores: 1000, memoryMiB: 1024 },
        },
        tmpfs: [{ path: "/tmp", sizeMiB: 128 }],
        scaling: {
          minReplicas: 2,
          maxReplicas: 2,
          mode: "active-passive",
          targets: [
            { metric: "queue-wait", milliseconds: 2000 },
            { metric: "latency-p95", milliseconds: 12_000 },
          ],
          backPressure: { cpuPercent: 60, latencyP95Milliseconds: 12_000 },
        },
        network: { exposure: "none", egress: ["api.telegram.org", { variable: "A2A_BASE_URL" }] },
        environment: { A2A_BASE_URL: "https://a2a.example.com" },
        objectives: {
          latencyP95Milliseconds: 12_000,
          metrics: [
            { name: "a2a.failure_total", limit: 3, windowMinutes: 5 },
            { name: "rate_limit.hit", limit: 10, windowMinutes: 720 },
          ],
        },
        tracing: {
          attributes: ["persona", "env", "telegram.update_offset", "a2a.classification"],
          alwaysKeep: { "a2a.classification": "fatal" },
        },
      },
    },
    secrets: {
      TELEGRAM_TOKEN: { description: "Bot token.", source: "supplied", rotationDays: 90, readers: ["poller"] },
    },
  });
  expect(router.services.poller?.lifecycle.restartBudget).toEqual({ restarts: 5, windowMinutes: 15 });
});

test("ScriptPulse: TLS 1.3 in, nothing out, nothing kept but the compliance log, tenants apart (SP-2, SP-5, SP-6, SP-8, SP-9, SP-13, SP-14)", () => {
  const scriptpulse = defineWorkload({
    name: "scriptpulse",
    title: "ScriptPulse",
    services: {
      api: {
        description: "Analyses one script per call.",
        image: { repository: "scriptpulse/api" },
        ports: [{ name: "api", number: 8443 }],
        health: { path: "/healthz", port: "api" },
        resources: { cpuMillicores: 1000, memoryMiB: 2048 },
        tmpfs: [{ path: "/tmp", sizeMiB: 64 }],
        scaling: { minReplicas: 2, maxReplicas: 20 },
        network: { exposure: "public", egress: [], minimumTls: "1.3" },
        logs: [{ kind: "application" }, { kind: "compliance" }],
      },
    },
    tenancy: { claim: "tenant_id", requestsPerMinute: 60 },
  });
  expect(scriptpulse.state).toEqual({ buckets: {}, volumes: {}, queues: {} });
});

test("an egress variable must be one of the service's own", () => {
  const spec = {
    name: "x",
    title: "X",
    services: {
      a: {
        description: "a",
        image: { repository: "x/a" },
        resources: { cpuMillicores: 250, memoryMiB: 512 },
        scaling: { minReplicas: 1, maxReplicas: 1 },
        network: { exposure: "none" as const, egress: [{ variable: "PEER_URL" }] },
      },
    },
  };
  expect(() => defineWorkload(spec)).toThrow(/services\.a\.network\.egress\.0\.variable: no variable `PEER_URL`/);
});
