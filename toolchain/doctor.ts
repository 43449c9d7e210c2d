// Toolchain: every prerequisite with what was found, what is needed, and how to get it.
import { clusterNeeds } from "./cluster/preflight";
import { findEngine, findGo, findPlugin, findPython, onPath } from "./find";
import { run } from "./run";
import {
  atLeast,
  ENGINE_VERSION,
  MINIMUM_GO,
  MINIMUM_NODE,
  MINIMUM_PYTHON,
  PLUGIN_VERSIONS,
  type PluginName,
} from "./versions";

export interface Prerequisite {
  name: string;
  found: string;
  needed: string;
  ok: boolean;
  /** False where palisade makes the thing itself if it is not there. */
  required: boolean;
  how: string;
}

/** Looks at the machine; changes nothing. */
export async function prerequisites(): Promise<Prerequisite[]> {
  const [go, python, engine, venv, npm, git, tar] = await Promise.all([
    findGo(),
    findPython(),
    findEngine(),
    run("python3", ["-c", "import venv, ensurepip"], { timeoutMs: 20_000 }),
    run("npm", ["--version"], { timeoutMs: 20_000 }),
    run("git", ["--version"], { timeoutMs: 20_000 }),
    run("tar", ["--version"], { timeoutMs: 20_000 }),
  ]);
  const node = process.versions.node;
  const present = engine.newEnough && onPath("pulumi-language-nodejs") !== undefined;
  return [
    row(
      "Node.js",
      node,
      `${MINIMUM_NODE} or newer`,
      atLeast(node, MINIMUM_NODE),
      "nodejs.org, or your system's packages",
    ),
    row("npm", firstLine(npm), "any", npm.code === 0, "comes with Node.js"),
    row("git", firstLine(git), "any", git.code === 0, "your system's packages, e.g. `apt-get install git`"),
    row("tar", firstLine(tar), "any", tar.code === 0, "your system's packages, e.g. `apt-get install tar`"),
    row(
      "Go",
      go.version ?? "nothing",
      `${MINIMUM_GO} or newer`,
      go.newEnough,
      "go.dev/dl; needed only where Pulumi cannot be downloaded",
      !present,
    ),
    row(
      "Python",
      python.version ?? "nothing",
      `${MINIMUM_PYTHON} or newer`,
      python.newEnough,
      "your system's packages, e.g. `apt-get install python3`",
    ),
    row(
      "Python venv",
      venv.code === 0 ? "present" : "nothing",
      "venv and ensurepip",
      venv.code === 0,
      "e.g. `apt-get install python3-venv`",
    ),
    row(
      "Pulumi engine",
      engine.version ?? "nothing",
      `${ENGINE_VERSION} or newer`,
      engine.newEnough,
      "made by `npx palisade toolchain`",
      false,
    ),
    row(
      "Node language host",
      onPath("pulumi-language-nodejs") ?? "nothing",
      "beside the engine",
      present,
      "made by `npx palisade toolchain`",
      false,
    ),
    ...(Object.keys(PLUGIN_VERSIONS) as PluginName[]).map(name =>
      row(
        `${name} plugin`,
        findPlugin(name) ?? "nothing",
        PLUGIN_VERSIONS[name],
        findPlugin(name) !== undefined,
        "made by `npx palisade toolchain`",
        false,
      ),
    ),
    ...clusterNeeds().map(need => ({ ...need, name: `local cluster: ${need.name}`, required: false })),
  ];
}

function row(name: string, found: string, needed: string, ok: boolean, how: string, required = true): Prerequisite {
  return { name, found, needed, ok, required, how };
}

function firstLine(result: { code: number; stdout: string }): string {
  return result.code === 0
    ? (result.stdout.split("\n")[0] ?? "").replace(/^(git version|tar \(GNU tar\)) /, "")
    : "nothing";
}
