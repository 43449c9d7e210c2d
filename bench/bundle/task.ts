// Benchmarks: our side, in a process of its own, through the functions that the commands call. The last argument is the task in JSON.
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { bundle } from "../../src/cli/bundle";
import { verify } from "../../src/cli/verify";
import { configFiles } from "../../src/onprem/attest/config-files";
import { openBundle } from "../../src/onprem/bundle/open";
import { configurationFiles } from "../../src/onprem/format/release";
import { pushImages } from "../../src/onprem/images/push";
import type { Wanted } from "../../src/onprem/make/collect";
import type { ReleaseFacts } from "../../src/onprem/make/plan";
import type { Recipe } from "../../src/onprem/make/recipe";
import { openRegistry } from "../../src/onprem/registry/session";
import { peakMiBOf } from "./proc";

/** Paths, addresses, and what to do with them. */
export type Task =
  | { task: "create"; registry: string; images: Wanted[]; key: string; out: string; since?: string; version: string }
  | { task: "verify"; bundle: string; publicKey: string }
  | { task: "hash"; file: string }
  | { task: "deliver"; bundle: string; publicKey: string; registry: string }
  | { task: "push"; bundle: string; publicKey: string; registry: string };

/** What a task says at its end. */
export interface TaskReport {
  /** Of the work itself, without the start of the process. */
  seconds: number;
  peakMiB: number;
  cpuSeconds: number;
}

let started: number;
let cpu: NodeJS.CpuUsage;
function begin(): void {
  started = performance.now();
  cpu = process.cpuUsage();
}

async function work(task: Task): Promise<void> {
  if (task.task === "create") await create(task);
  if (task.task === "verify") await verify(task.bundle, { key: task.publicKey, json: true });
  if (task.task === "hash") hash(task.file);
  if (task.task === "deliver") await push(task, true);
  if (task.task === "push") await push(task, false);
}

async function create({ registry, images, key, out, since, version }: Task & { task: "create" }): Promise<void> {
  const facts: ReleaseFacts = {
    schema: 1,
    stack: "bench",
    environment: "bench",
    version,
    buildSha: "0".repeat(40),
    createdAt: "2026-01-01T00:00:00Z",
    platform: "0.1.0",
    kubernetes: { minimum: "1.30" },
    workloads: [{ name: "bench", namespace: "bench", title: "Benchmark" }],
    platformNamespace: "palisade",
  };
  const texts = Object.fromEntries(configurationFiles.map(title => [title, "{}"]));
  const recipe = async (): Promise<Recipe> => ({
    facts,
    images,
    rest: async (_, signer) => ({ files: await configFiles(texts, facts, signer), attachments: [] }),
  });
  await bundle({ stack: "bench", from: registry, key, out, since, releaseVersion: version, json: true }, recipe);
}

/** As fast as one core can: into one buffer, and nothing else. */
function hash(path: string): void {
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  const sum = createHash("sha256");
  const file = openSync(path, "r");
  for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
    sum.update(buffer.subarray(0, count));
  closeSync(file);
  sum.digest();
}

async function push(
  { bundle: path, publicKey, registry }: Task & { task: "push" | "deliver" },
  full: boolean,
): Promise<void> {
  const opened = await openBundle(path, { publicKeyPem: readFileSync(publicKey, "utf8"), full });
  const session = openRegistry(registry);
  try {
    // The phase alone: the bundle was verified before it.
    if (!full) begin();
    await pushImages(session, opened);
  } finally {
    session.close();
    await opened.close();
  }
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv.at(-1) ?? "") as Task;
  begin();
  await work(task);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const report: TaskReport = { seconds, peakMiB: peakMiBOf("self"), cpuSeconds: (user + system) / 1e6 };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
