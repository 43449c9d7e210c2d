// The workload model is wide enough for all five systems: what those that have no entry in the catalogue yet ask for can be said.
import { expect, test } from "vitest";
import { defineWorkload } from "../../../src/workload/workload";

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
