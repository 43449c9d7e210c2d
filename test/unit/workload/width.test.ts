// The workload model is wide enough for all five systems: what those that have no entry in the catalogue yet ask for can be said.
import { expect, test } from "vitest";
import { defineWorkload } from "../../../src/workload/workload";

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
        network: {
          exposure: "none",
          egress: ["api.telegram.org", "generativelanguage.googleapis.com"],
          egressRanges: [
            { cidr: "149.154.160.0/20", description: "Telegram" },
            { cidr: "2001:67c:4e8::/48", description: "Telegram" },
            { cidr: "142.250.0.0/15", description: "Google" },
          ],
        },
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
