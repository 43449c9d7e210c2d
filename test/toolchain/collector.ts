// Toolchain tests: the collector's program, and a running collector with whatever it was given to read.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CollectorConfig, collectorText } from "../../src/components/kubernetes/collector";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

/** The program of the test image `collector`, built on first use. */
export const collectorProgram = () =>
  goProgram({ name: "otelcol-contrib", module: join(PROJECT_DIRECTORY, "test", "images", "collector") });

/** A directory of its own for one test, with the configuration as it would be mounted. */
export function room(config: CollectorConfig): { directory: string; file: string; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "palisade-collector-"));
  const file = join(directory, "config.yaml");
  writeFileSync(file, collectorText(config));
  return { directory, file, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What the collector says of a configuration: nothing, if it takes it. */
export async function refusal(config: CollectorConfig, env: Record<string, string> = {}): Promise<string> {
  const { file, remove } = room(config);
  try {
    const result = await run(await collectorProgram(), ["validate", `--config=${file}`], {
      env: { ...process.env, ...env },
    });
    return result.code === 0 ? "" : result.stderr.trim();
  } finally {
    remove();
  }
}

/** Runs until `done` or for 30 seconds, and ends; throws with its output if it ends by itself. */
export async function runUntil(file: string, done: () => boolean): Promise<void> {
  const child: ChildProcess = spawn(await collectorProgram(), [`--config=${file}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr?.on("data", chunk => {
    output += chunk;
  });
  const ended = new Promise<void>(resolve => child.once("exit", () => resolve()));
  const before = Date.now();
  while (!done() && child.exitCode === null && Date.now() - before < 30_000)
    await new Promise(resolve => setTimeout(resolve, 100));
  const inTime = done();
  child.kill("SIGTERM");
  await ended;
  if (!inTime) throw new Error(`the collector did not do its work: ${output.slice(-4000)}`);
}
