// The content pipeline as its seed describes it, control by control.
import { expect, test } from "vitest";
import { contentPipeline } from "../../../src/catalog/content-pipeline";
import { gpuFaults, gpuSize } from "../../../src/components/aws/gpu-size";

/** The tree in the seed's section on storage. */
const seedPrefixes = ["audio/raw/", "audio/cleaned/", "scripts/", "subtitles/", "video/short/", "video/long/"];

const { services, state, approvals, secrets } = contentPipeline;

test("the control machine is disposable, without a way in, and calls two hosts (CP-1, CP-6, CP-7, CP-9)", () => {
  expect(services.editorbot).toMatchObject({
    machine: { operatingSystem: "ubuntu-22.04", units: ["editorbot.service"] },
    resources: { cpuMillicores: 2000, memoryMiB: 4096 },
    network: { exposure: "none", egress: ["api.telegram.org", "generativelanguage.googleapis.com"] },
  });
  expect(state.volumes).toEqual({});
});

test("the bucket has the seed's prefixes and no other, each with somebody who writes and somebody who reads (CP-2, CP-3)", () => {
  const prefixes = state.buckets.artifacts?.prefixes ?? {};
  expect(Object.keys(prefixes)).toEqual(seedPrefixes);
  for (const { readers, writers } of Object.values(prefixes)) {
    expect(writers).toHaveLength(1);
    expect(readers.length).toBeGreaterThan(0);
  }
});

test("no identity may both write and release: what the bot writes waits for a person (CP-3, CP-11)", () => {
  const [approval] = approvals;
  expect(approval).toMatchObject({ of: { bucket: "artifacts", prefix: "scripts/" }, releasesTo: "render" });
  expect(state.buckets.artifacts?.prefixes["scripts/"]?.writers).not.toContain(approval?.service);
  expect(state.queues.render?.producers).toEqual([]);
});

test("the tokens are supplied and read by the bot alone (CP-5)", () => {
  expect(Object.keys(secrets)).toEqual(["TELEGRAM_BOT_TOKEN", "GEMINI_API_KEY"]);
  for (const secret of Object.values(secrets))
    expect(secret).toMatchObject({ source: "supplied", readers: ["editorbot"] });
});

test("the burst is on spot, ends at nothing, has a cap, and fits the seed's machine; the bucket has its copy (CP-12)", () => {
  const { renderer } = services;
  if (!renderer) throw new Error("no renderer");
  expect(renderer).toMatchObject({ interruptible: true, scaling: { minReplicas: 0, maxReplicas: 2 } });
  expect(gpuFaults(renderer)).toEqual([]);
  expect(gpuSize(renderer.resources).instanceTypes[0]).toBe("g4dn.xlarge");
  expect(state.buckets.artifacts?.replicated).toBe(true);
});
