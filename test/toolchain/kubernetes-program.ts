// A Pulumi program of a test's own, run by the real engine with the kubernetes plugin against an API server.
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunResult } from "../../toolchain/run";
import { openLocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

/** What the engine's JSON says of a preview. */
export interface Preview {
  steps: { op: string; urn: string; detailedDiff?: Record<string, { kind: string }> }[];
  changeSummary?: Record<string, number>;
}

export interface Program {
  directory: string;
  /** Sets the text of the program: it sees `k8s`, `pulumi` and `provider`. */
  write: (text: string) => Promise<void>;
  run: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<RunResult>;
  preview: (args?: readonly string[]) => Promise<Preview>;
  /** `pulumi up` without questions, also told to `log` while it runs; fails the test with the engine's words if it fails. */
  up: (args?: readonly string[], log?: string) => Promise<RunResult>;
  /** The text of the state file. */
  state: () => Promise<string>;
  outputs: () => Promise<Record<string, unknown>>;
  remove: () => Promise<void>;
}

/** @param provider arguments of the provider, as source text */
export async function program(kubeconfig: string, provider = ""): Promise<Program> {
  const tools = await ensureToolchain();
  const directory = await mkdtemp(join(tmpdir(), "palisade-program-"));
  await symlink(join(PROJECT_DIRECTORY, "node_modules"), join(directory, "node_modules"));
  await writeFile(join(directory, "Pulumi.yaml"), "name: plugin-test\nruntime: nodejs\nmain: index.ts\n");
  await writeFile(join(directory, "Pulumi.test.yaml"), "config: {}\n");
  const stack = await openLocalStack({ name: "test", directory, tools, project: directory });
  const env = (more?: NodeJS.ProcessEnv) => ({ ...stack.env, KUBECONFIG: kubeconfig, ...more });
  const run = (args: readonly string[], more?: NodeJS.ProcessEnv, log?: string) =>
    pulumi(stack, args, { project: directory, env: env(more), log });
  const must = async (args: readonly string[], log?: string) => {
    const result = await run(args, undefined, log);
    if (result.code !== 0) throw new Error(`pulumi ${args.join(" ")}: ${result.stdout}\n${result.stderr}`);
    return result;
  };
  return {
    directory,
    write: text =>
      writeFile(
        join(directory, "index.ts"),
        [
          'import * as k8s from "@pulumi/kubernetes";',
          'import * as pulumi from "@pulumi/pulumi";',
          `const provider = new k8s.Provider("cluster", {${provider}});`,
          "void pulumi;",
          text,
        ].join("\n"),
      ),
    run,
    preview: async (args = []) => JSON.parse((await must(["preview", "--json", ...args])).stdout) as Preview,
    up: (args = [], log) => must(["up", "--yes", "--skip-preview", ...args], log),
    state: () => readFile(join(directory, "state", ".pulumi", "stacks", "plugin-test", "test.json"), "utf8"),
    outputs: async () => JSON.parse((await must(["stack", "output", "--json"])).stdout) as Record<string, unknown>,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
