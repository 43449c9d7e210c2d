// Toolchain: finds or makes everything `pulumi up` needs. Present and new enough, else official download, else built.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { buildEngine, buildLanguageHost, buildLocalAws, buildProviders, RUNTIME_FLAGS, sources } from "./build";
import { cached, cachedPath, sourceKey } from "./cache";
import { downloadEngine, downloadPlugin, downloadsAllowed } from "./download";
import { Failure } from "./failure";
import { findEngine, findGo, findPlugin, findPython, onPath } from "./find";
import { step } from "./progress";
import { ENGINE_VERSION, MINIMUM_GO, MINIMUM_PYTHON, PLUGIN_VERSIONS, type PluginName } from "./versions";

export type Origin = "present" | "downloaded" | "built";

export interface Part {
  name: string;
  path: string;
  origin: Origin;
  version: string;
}

export interface Toolchain {
  parts: Part[];
  /** Path of the engine. */
  engine: string;
  /** Directories to put before PATH. */
  path: string[];
  /** Pulumi home with just these plugins. */
  home: string;
  /** Python interpreter and script of the local AWS API. */
  localAws: { python: string; script: string };
}

/** Reports what is going on; the default writes progress to standard error. */
export type Report = typeof step;

/**
 * Finds or makes all tools. Warm: only looks. Cold on two cores: about ten minutes.
 * @throws Failure naming what is missing and how to get it
 */
export async function ensureToolchain(report: Report = step): Promise<Toolchain> {
  const { parts: engineParts, ...engine } = await ensureEngine(report);
  const { parts: pluginParts, ...plugins } = await ensurePlugins(engine.engine, report);
  const { part, ...localAws } = await ensureLocalAws(report);
  return { parts: [...engineParts, ...pluginParts, part], ...engine, ...plugins, localAws };
}

async function ensureEngine(report: Report): Promise<{ parts: Part[]; engine: string; path: string[] }> {
  const found = await findEngine();
  const host = onPath("pulumi-language-nodejs");
  if (found.newEnough && found.path && host) {
    const version = found.version ?? ENGINE_VERSION;
    return { ...describeEngine(found.path, host, "present", version), path: [] };
  }
  const downloaded = cachedPath("engine", officialKey);
  if (existsSync(downloaded)) return engineIn(join(downloaded, "bin"), "downloaded");
  const built = cachedPath("engine", engineKey());
  if (existsSync(built)) return engineIn(built, "built");

  if (downloadsAllowed()) {
    const looking = report(`Pulumi ${ENGINE_VERSION}: official download`);
    try {
      await cached("engine", officialKey, waiting("engine"), async directory => {
        const reason = await downloadEngine(directory);
        if (reason) throw new NotHad(reason);
      });
      looking.done();
      return engineIn(join(downloaded, "bin"), "downloaded");
    } catch (error) {
      if (!(error instanceof NotHad)) throw error;
      looking.skipped(error.message);
    }
  }
  await needGo();
  await build(
    report,
    "engine",
    engineKey(),
    `Pulumi ${ENGINE_VERSION} and its Node host: building`,
    async directory => {
      await buildEngine(directory);
      await buildLanguageHost(directory);
    },
  );
  return engineIn(built, "built");
}

class NotHad extends Error {}

const officialKey = `official-${ENGINE_VERSION}`;
const engineKey = () => sourceKey(sources.engine, sourceKey(sources.languageHost), ...RUNTIME_FLAGS);

function engineIn(directory: string, origin: Origin) {
  const host = join(directory, "pulumi-language-nodejs");
  return { ...describeEngine(join(directory, "pulumi"), host, origin, ENGINE_VERSION), path: [directory] };
}

function describeEngine(engine: string, host: string, origin: Origin, version: string) {
  return {
    engine,
    parts: [
      { name: "engine", path: engine, origin, version },
      { name: "language host", path: host, origin, version: origin === "built" ? "3.60.0" : version },
    ],
  };
}

async function ensurePlugins(engine: string, report: Report): Promise<{ parts: Part[]; home: string }> {
  const names = Object.keys(PLUGIN_VERSIONS) as PluginName[];
  const present = names.map(findPlugin);
  if (present.every(path => path !== undefined)) return homeWith(names, present, "present");

  const official = cachedPath("plugins", officialPluginsKey);
  if (existsSync(official)) return homeWith(names, names.map(officialFile(official)), "downloaded");
  const built = cachedPath("providers", providersKey());
  if (!existsSync(built)) {
    if (downloadsAllowed()) {
      const looking = report("aws and random plugins: official download");
      try {
        await cached("plugins", officialPluginsKey, waiting("plugins"), async directory => {
          for (const name of names) {
            const reason = await downloadPlugin(engine, name, directory);
            if (reason) throw new NotHad(reason);
          }
        });
        looking.done();
        return homeWith(names, names.map(officialFile(official)), "downloaded");
      } catch (error) {
        if (!(error instanceof NotHad)) throw error;
        looking.skipped(error.message);
      }
    }
    await needGo();
    await build(report, "providers", providersKey(), "aws and random plugins: building", buildProviders);
  }
  return homeWith(
    names,
    names.map(name => join(built, name, `pulumi-resource-${name}`)),
    "built",
  );
}

const officialPluginsKey = `official-${Object.values(PLUGIN_VERSIONS).join("-")}`;
const providersKey = () => sourceKey(sources.providers);
const officialFile = (root: string) => (name: PluginName) =>
  join(root, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`, `pulumi-resource-${name}`);

/** A Pulumi home whose plugin directory links to these files: a trimmed build must never pass for the official plugin in the user's own home. */
async function homeWith(names: PluginName[], files: (string | undefined)[], origin: Origin) {
  const key = createHash("sha256").update(files.join("\0")).digest("hex").slice(0, 16);
  const home = await cached("home", key, waiting("home"), async directory => {
    for (const [i, name] of names.entries()) {
      const plugin = join(directory, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`);
      await mkdir(plugin, { recursive: true });
      await symlink(files[i] ?? "", join(plugin, `pulumi-resource-${name}`));
    }
  });
  const parts = names.map((name, i) => ({
    name: `${name} plugin`,
    path: files[i] ?? "",
    origin,
    version: PLUGIN_VERSIONS[name],
  }));
  return { parts, home };
}

async function ensureLocalAws(report: Report) {
  const key = sourceKey(sources.localAws);
  const directory = cachedPath("local-aws", key);
  if (!existsSync(join(directory, ".finished"))) {
    const python = await findPython();
    if (!python.newEnough)
      throw new Failure(
        `python3 is ${python.version ?? "not on PATH"}; ${MINIMUM_PYTHON} or newer is needed for the local AWS API`,
        "Install it (Debian 12: `apt-get install python3 python3-venv`), then run the same command again.",
      );
    await build(report, "local-aws", key, "local AWS API (moto): installing", buildLocalAws, false);
  }
  const python = join(directory, "venv", "bin", "python");
  return {
    python,
    script: join(directory, "local_aws.py"),
    part: { name: "local AWS API", path: python, origin: "built" as const, version: "moto 5.2.5" },
  };
}

async function needGo(): Promise<void> {
  const go = await findGo();
  if (go.newEnough) return;
  throw new Failure(
    `go is ${go.version ?? "not on PATH"}; ${MINIMUM_GO} or newer is needed to build the engine, which cannot be downloaded here`,
    `Install Go ${MINIMUM_GO} or newer, or Pulumi ${ENGINE_VERSION} itself, then run the same command again. \`npx palisade doctor\` lists all that is needed.`,
  );
}

async function build(
  report: Report,
  name: string,
  key: string,
  title: string,
  make: (directory: string) => Promise<void>,
  relocatable = true,
): Promise<void> {
  const doing = report(title);
  try {
    await cached(name, key, waiting(name), make, relocatable);
    doing.done();
  } catch (error) {
    doing.failed();
    throw error;
  }
}

const waiting = (name: string) => () =>
  process.stderr.write(`  … another palisade is making ${name}; waiting for it\n`);

/** The environment in which programs of this toolchain run. */
export function toolchainEnv(tools: Toolchain): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [...tools.path, process.env.PATH].join(":"),
    PULUMI_HOME: tools.home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
