// Catalogue: the Telegram router. Two replicas that nobody can call, one polling and one waiting, with two hosts to call and no other.
import { defineWorkload } from "../workload/workload";

export const router = defineWorkload({
  name: "router",
  title: "Telegram router",
  services: {
    poller: {
      description: "Polls Telegram and hands each message to the A2A service of its persona.",
      image: { repository: "router/poller", user: 1000, command: ["uv", "run", "bots/telegram_router.py"] },
      // Asked by its own task only, so nothing goes over a network in clear. 200 once the configuration is good and both peers are reached, on the waiting replica too (RT-2).
      ports: [{ name: "ops", number: 8080, protocol: "http" }],
      health: { path: "/healthz", port: "ops", graceSeconds: 60 },
      // RT-2, RT-4, RT-5, RT-15
      lifecycle: {
        checkCommand: ["--check-config"],
        stopTimeoutSeconds: 30,
        restartBudget: { restarts: 5, windowMinutes: 15 },
      },
      // RT-6
      resources: { cpuMillicores: 500, memoryMiB: 512, ceiling: { cpuMillicores: 1000, memoryMiB: 1024 } },
      // RT-12: what uv caches goes here, and nowhere else.
      tmpfs: [{ path: "/tmp", sizeMiB: 128 }],
      scaling: {
        // RT-30
        minReplicas: 2,
        maxReplicas: 2,
        mode: "active-passive",
        // RT-6: what makes a replica grow, since a third one would poll twice.
        targets: [
          { metric: "queue-wait", milliseconds: 2000 },
          { metric: "latency-p95", milliseconds: 12_000 },
        ],
        // RT-7
        backPressure: { cpuPercent: 60, latencyP95Milliseconds: 12_000 },
      },
      // RT-27
      network: { exposure: "none", egress: ["api.telegram.org", { variable: "A2A_BASE_URL" }] },
      environment: {
        APP_ENV: { from: "environment" },
        BUILD_SHA: { from: "build-sha" },
        UV_CACHE_DIR: "/tmp/uv",
        // Each stack names its own; a stack without it is refused.
        A2A_BASE_URL: "",
        // Checksums of the persona map and the chat allowlist in the image, which `--check-config` holds them to (RT-15).
        PERSONA_MAP_SHA256: "",
        CHAT_ALLOWLIST_SHA256: "",
        // What it takes at 100 percent: what Telegram allows in a group. The platform throttles it below that (RT-7).
        RATE_LIMIT_PER_MINUTE: "20",
        QUEUE_DEPTH_LIMIT: "100",
      },
      // RT-24
      metrics: [
        { name: "latency.round_trip_ms", unit: "milliseconds", kind: "distribution" },
        { name: "queue.wait_ms", unit: "milliseconds", kind: "distribution" },
        { name: "queue.depth", unit: "count", kind: "gauge" },
        { name: "a2a.failure_total", unit: "count", kind: "counter", dimensions: ["classification"] },
        { name: "rate_limit.hit", unit: "count", kind: "counter", dimensions: ["persona"] },
        { name: "router.uptime_seconds", unit: "seconds", kind: "counter", heartbeat: true },
      ],
      objectives: {
        // RT-22
        latencyP95Milliseconds: 12_000,
        metrics: [
          { name: "a2a.failure_total", limit: 3, windowMinutes: 5, where: { classification: "fatal" } },
          { name: "rate_limit.hit", limit: 10, windowMinutes: 720, per: "persona_tag" },
        ],
      },
      // RT-25
      tracing: {
        attributes: ["persona", "env", "telegram.update_offset", "a2a.classification"],
        alwaysKeep: { "a2a.classification": "fatal" },
      },
    },
  },
  secrets: {
    TELEGRAM_BOT_TOKEN: {
      description: "Token of the bot at Telegram.",
      source: "supplied",
      rotationDays: 90,
      readers: ["poller"],
    },
    A2A_TOKEN: {
      description: "Token by which the router proves itself to the A2A service.",
      source: "supplied",
      rotationDays: 90,
      readers: ["poller"],
    },
    CHAT_ID_HASH_KEY: {
      description: "Key of the hash under which a log names a chat (RT-23).",
      source: "generated",
      length: 64,
      rotationDays: 180,
      readers: ["poller"],
    },
  },
});
