// Tests and benchmarks: a stack of their own in a local AWS of their own, in a directory that is gone afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Sandbox, sandboxDown, sandboxUp } from "../toolchain/sandbox";
import { type LocalStack, openLocalStack, pulumi } from "../toolchain/stack";
import { ensureToolchain, type Toolchain } from "../toolchain/toolchain";

export interface Room {
  tools: Toolchain;
  directory: string;
  sandbox: Sandbox;
  /** Opens a stack of the project, or of another one, in this room. */
  stack(name: string, options?: { source?: string; project?: string }): Promise<LocalStack>;
  /** Stops the local AWS and removes the directory. */
  close(): Promise<void>;
}

/** Opens a room: a fresh local AWS on a free port, and an empty state. */
export async function openRoom(): Promise<Room> {
  const tools = await ensureToolchain();
  const directory = await mkdtemp(join(tmpdir(), "palisade-room-"));
  const sandbox = await sandboxUp(tools.localAws, directory, `http://127.0.0.1:${await freePort()}`);
  return {
    tools,
    directory,
    sandbox,
    stack: (name, options) => openLocalStack({ name, directory, tools, localAws: sandbox.endpoint, ...options }),
    async close() {
      await sandboxDown(directory);
      await rm(directory, { recursive: true });
    },
  };
}

export interface PreviewStep {
  op: string;
  urn: string;
  newState?: { type: string; custom: boolean; parent?: string; inputs?: Record<string, unknown> };
  detailedDiff?: Record<string, unknown>;
}

/** Previews a stack and returns the engine's steps, with all text it printed. */
export async function previewSteps(
  stack: LocalStack,
  project?: string,
): Promise<{ steps: PreviewStep[]; text: string }> {
  const result = await pulumi(stack, ["preview", "--json", "--suppress-progress"], { project });
  if (result.code !== 0) throw new Error(`preview ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
  const { steps } = JSON.parse(result.stdout) as { steps: PreviewStep[] };
  return { steps, text: result.stdout + result.stderr };
}
