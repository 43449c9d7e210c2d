// Toolchain: tools that are already on this machine.
import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "./run";
import {
  atLeast,
  ENGINE_VERSION,
  MINIMUM_GO,
  MINIMUM_PYTHON,
  PLUGIN_VERSIONS,
  type PluginName,
  parseVersion,
} from "./versions";

/** A tool that was looked for: where it is and whether it will do. */
export interface Found {
  path?: string;
  version?: string;
  newEnough: boolean;
}

/** Absolute path of an executable on PATH. */
export function onPath(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map(directory => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function probe(name: string, args: readonly string[], needed: string): Promise<Found> {
  const path = onPath(name);
  if (!path) return { newEnough: false };
  const answer = await run(path, args, {
    timeoutMs: 20_000,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const version = answer.code === 0 ? parseVersion(answer.stdout) : undefined;
  return { path, version, newEnough: version !== undefined && atLeast(version, needed) };
}

/** The engine on PATH. It will do only with the Node language host on PATH as well. */
export const findEngine = () => probe("pulumi", ["version"], ENGINE_VERSION);
export const findGo = () => probe("go", ["version"], MINIMUM_GO);
export const findPython = () => probe("python3", ["--version"], MINIMUM_PYTHON);

/** The official plugin in the user's own Pulumi home, in just the version the SDK asks for. */
export function findPlugin(name: PluginName): string | undefined {
  const home = process.env.PULUMI_HOME || join(homedir(), ".pulumi");
  const file = join(home, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`, `pulumi-resource-${name}`);
  return existsSync(file) ? file : undefined;
}
