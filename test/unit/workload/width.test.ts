// The workload model is wide enough for all five systems: what each of the other four asks for can be said, control by control.
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

test("the content pipeline: a machine, prefixes with their readers and writers, a queue, a GPU burst with an end, approvals (CP-1…CP-3, CP-6, CP-7, CP-9, CP-11, CP-12)", () => {
  const pipeline = defineWorkload({
    name: "content-pipeline",
    title: "Content pipeline",
    services: {
      editorbot: {
        description: "Turns voice messages into scripts.",
        image: { repository: "content-pipeline/editorbot" },
        machine: { operatingSystem: "ubuntu-22.04", rootDiskGiB: 30, units: ["editorbot.service"] },
        resources: { cpuMillicores: 2000, memoryMiB: 4096 },
        scaling: { minReplicas: 1, maxReplicas: 1 },
        network: { exposure: "none", egress: ["api.telegram.org", "generativelanguage.googleapis.com"] },
        environment: { ARTIFACTS: { bucket: "artifacts" } },
      },
      renderer: {
        description: "Renders images on GPUs.",
        image: { repository: "content-pipeline/renderer" },
        resources: { cpuMillicores: 4000, memoryMiB: 16_384, gpus: 1 },
        scaling: { minReplicas: 0, maxReplicas: 2, targets: [{ metric: "queue-wait", milliseconds: 60_000 }] },
        interruptible: true,
        network: { exposure: "none" },
      },
    },
    state: {
      buckets: {
        artifacts: {
          replicated: true,
          prefixes: {
            "audio/raw/": { writers: ["editorbot"], readers: ["editorbot"] },
            "scripts/": { writers: ["editorbot"], readers: ["renderer"] },
            "video/short/": { writers: ["renderer"], readers: ["editorbot"] },
          },
        },
      },
      queues: { render: { producers: ["editorbot"], consumers: ["renderer"] } },
    },
    approvals: [{ name: "publish", description: "A person releases a script for rendering.", service: "editorbot" }],
  });
  expect(pipeline.services.renderer).toMatchObject({ interruptible: true, resources: { gpus: 1 } });
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
