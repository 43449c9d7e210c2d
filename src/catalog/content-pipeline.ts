// Catalogue: the content pipeline. A bot on a machine turns voice messages into scripts; a person releases each to the renderer.
import { defineWorkload } from "../workload/workload";

export const contentPipeline = defineWorkload({
  name: "content-pipeline",
  title: "Content pipeline",
  services: {
    editorbot: {
      description: "Takes voice messages from Telegram, transcribes them locally, has a model mediate, writes scripts.",
      image: { repository: "content-pipeline/editorbot", user: 1000 },
      // Two cores and 4 GiB: a t3.medium (CP-1).
      machine: { operatingSystem: "ubuntu-22.04", rootDiskGiB: 30, units: ["editorbot.service"] },
      resources: { cpuMillicores: 2000, memoryMiB: 4096 },
      scaling: { minReplicas: 1, maxReplicas: 1 },
      // By name and by address (CP-7): what Telegram and Google publish as theirs.
      network: {
        exposure: "none",
        egress: ["api.telegram.org", "generativelanguage.googleapis.com"],
        egressRanges: [
          { cidr: "149.154.160.0/20", description: "Telegram" },
          { cidr: "2001:67c:4e8::/48", description: "Telegram" },
          { cidr: "142.250.0.0/15", description: "Google APIs" },
          { cidr: "172.217.0.0/16", description: "Google APIs" },
          { cidr: "216.58.192.0/19", description: "Google APIs" },
          { cidr: "2a00:1450:4000::/36", description: "Google APIs" },
        ],
      },
      environment: {
        APP_ENV: { from: "environment" },
        AWS_REGION: { from: "region" },
        BUILD_SHA: { from: "build-sha" },
        ARTIFACTS_BUCKET: { bucket: "artifacts" },
      },
    },
    renderer: {
      description: "Renders subtitles and video from released scripts, on GPUs, while there are any (CP-12).",
      image: { repository: "content-pipeline/renderer", user: 1000 },
      // What a g4dn.xlarge holds.
      resources: { cpuMillicores: 3500, memoryMiB: 14_336, gpus: 1 },
      tmpfs: [{ path: "/tmp", sizeMiB: 4096 }],
      // Two machines are the cap on what a burst costs.
      scaling: { minReplicas: 0, maxReplicas: 2, targets: [{ metric: "queue-wait", milliseconds: 120_000 }] },
      interruptible: true,
      // A spot notice is two minutes: the job goes back to its queue.
      lifecycle: { stopTimeoutSeconds: 110 },
      network: { exposure: "none" },
      environment: {
        APP_ENV: { from: "environment" },
        AWS_REGION: { from: "region" },
        BUILD_SHA: { from: "build-sha" },
        ARTIFACTS_BUCKET: { bucket: "artifacts" },
      },
      objectives: { latencyP95Milliseconds: 900_000 },
    },
  },
  state: {
    buckets: {
      artifacts: {
        replicated: true,
        prefixes: {
          "audio/raw/": { writers: ["editorbot"], readers: ["editorbot"] },
          "audio/cleaned/": { writers: ["editorbot"], readers: ["editorbot", "renderer"] },
          "scripts/": { writers: ["editorbot"], readers: ["editorbot", "renderer"] },
          "subtitles/": { writers: ["renderer"], readers: ["editorbot", "renderer"] },
          "video/short/": { writers: ["renderer"], readers: ["editorbot"] },
          "video/long/": { writers: ["renderer"], readers: ["editorbot"] },
        },
      },
    },
    queues: {
      // Hidden for as long as a rendering takes.
      render: { consumers: ["renderer"], visibilitySeconds: 1800 },
    },
  },
  approvals: [
    {
      name: "release",
      description: "A person reads the script and releases it for rendering.",
      service: "renderer",
      of: { bucket: "artifacts", prefix: "scripts/" },
      releasesTo: "render",
    },
  ],
  secrets: {
    TELEGRAM_BOT_TOKEN: {
      description: "Token of the Telegram bot.",
      source: "supplied",
      rotationDays: 90,
      readers: ["editorbot"],
    },
    GEMINI_API_KEY: {
      description: "Key of the model that mediates.",
      source: "supplied",
      rotationDays: 90,
      readers: ["editorbot"],
    },
  },
});
