// Toolchain: building the tools from the language registries. Each tool module's go.sum or hash list holds every byte that comes in.
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "./failure";
import { run } from "./run";
import { BRIDGED_PLUGINS, ENGINE_VERSION } from "./versions";

/** Version of the last module that still contains the Node language host. */
const LANGUAGE_HOST_VERSION = "3.60.0";

export const sources = {
  engine: join(__dirname, "go", "pulumi"),
  languageHost: join(__dirname, "go", "language-nodejs"),
  providers: join(__dirname, "go", "providers"),
  localAws: join(__dirname, "python"),
};

/** How go runs here: held to go.sum, without cgo and without paths of this machine. */
export const goEnv = {
  ...process.env,
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
  GOWORK: "off",
};

/** The engine, as DIR/pulumi. */
export async function buildEngine(directory: string): Promise<void> {
  await go(sources.engine, [
    "build",
    "-ldflags",
    `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`,
    "-o",
    join(directory, "pulumi"),
    "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  ]);
}

/**
 * The options of this project's Node runtime, as in Pulumi.yaml. The engine sends them with each run, which the language
 * host of this version does not read: it takes them as flags.
 */
export const RUNTIME_FLAGS = ["-typescript=false", "-nodeargs=--require tsx/cjs"];

/** The Node language host, behind a script that gives it its flags, and the launcher of dynamic providers, in DIR. */
export async function buildLanguageHost(directory: string): Promise<void> {
  const host = join(directory, "language-nodejs");
  await go(sources.languageHost, [
    "build",
    "-ldflags",
    `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${LANGUAGE_HOST_VERSION}`,
    "-o",
    host,
    "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  ]);
  const flags = RUNTIME_FLAGS.map(flag => `'${flag}'`).join(" ");
  const script = `#!/bin/sh\nexec "$(dirname "$0")/language-nodejs" ${flags} "$@"\n`;
  await writeFile(join(directory, "pulumi-language-nodejs"), script, { mode: 0o755 });
  const launcher = join(directory, "pulumi-resource-pulumi-nodejs");
  await copyFile(join(__dirname, "..", "node_modules", "@pulumi", "pulumi", "pulumi-resource-pulumi-nodejs"), launcher);
  await chmod(launcher, 0o755);
}

/** The aws and random plugins, each with its generated schema, in DIR/aws and DIR/random. */
export async function buildProviders(directory: string): Promise<void> {
  const work = join(directory, "work");
  await go(sources.providers, ["run", "./prepare", "-out", work]);
  for (const name of BRIDGED_PLUGINS) {
    const plugin = join(directory, name, `pulumi-resource-${name}`);
    await mkdir(join(directory, name), { recursive: true });
    const modfile = join(work, "go.mod");
    await go(sources.providers, [
      "build",
      "-modfile",
      modfile,
      "-ldflags",
      "-s -w",
      "-o",
      plugin,
      `./pulumi-resource-${name}`,
    ]);
    const generated = join(work, `${name}-schema`);
    await must(plugin, ["generate", "schema", "--skip-docs", "--skip-examples", "--out", generated], {
      ...process.env,
      PULUMI_SKIP_MISSING_MAPPING_ERROR: "true",
      PULUMI_SKIP_EXTRA_MAPPING_ERROR: "true",
    });
    for (const file of ["schema.json", "bridge-metadata.json"])
      await copyFile(join(generated, file), join(directory, name, file));
  }
  await rm(work, { recursive: true });
}

/** A Python environment with the local AWS API, in DIR/venv, and its launcher. */
export async function buildLocalAws(directory: string): Promise<void> {
  const venv = join(directory, "venv");
  const made = await run("python3", ["-m", "venv", venv]);
  if (made.code !== 0)
    throw new Failure(
      `python3 cannot make a virtual environment: ${made.stderr.trim() || made.stdout.trim()}`,
      "Install Python's venv module (Debian: `apt-get install python3-venv`), then run the same command again.",
    );
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"];
  await must(join(venv, "bin", "python"), [...pip, "-r", join(sources.localAws, "requirements.txt")], process.env);
  for (const script of (await readdir(sources.localAws)).filter(file => file.endsWith(".py")))
    await copyFile(join(sources.localAws, script), join(directory, script));
}

/** Runs go in a tool module, held to its go.sum, without cgo and without paths of this machine. */
export async function go(module: string, args: readonly string[]): Promise<void> {
  await must("go", args, goEnv, module);
}

async function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<void> {
  const result = await run(command, args, { env, cwd });
  if (result.code === 0) return;
  const reason = result.stderr.trim().split("\n").slice(-15).join("\n");
  throw new Failure(
    `\`${command} ${args.slice(0, 3).join(" ")} …\` ended with ${result.code}:\n${reason}`,
    "Nothing half-made was kept. If a registry could not be reached, run the same command again; `npx palisade doctor` lists what is needed.",
  );
}
