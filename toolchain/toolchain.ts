// Toolchain: finds or makes everything `pulumi up` needs. Present and new enough, else official download, else built.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { buildEngine, buildLanguageHost, buildLocalAws, buildProviders, RUNTIME_FLAGS, sources } from "./build";
import { cached, cachedPath, isFinished, sourceKey } from "./cache";
import { downloadEngine, downloadPlugin, downloadsAllowed } from "./download";
import { Failure } from "./failure";
import { findEngine, findPlugin, findPython, onPath } from "./find";
import { buildKubernetesPlugin, kubernetesPluginKey } from "./kubernetes-plugin/build";
import { make, needGo, waitingFor } from "./make";
import { type Report, step } from "./progress";
import { BRIDGED_PLUGINS, ENGINE_VERSION, MINIMUM_PYTHON, PLUGIN_VERSIONS, type PluginName } from "./versions";

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
      await cached("engine", officialKey, waitingFor("engine"), async directory => {
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
  await needGoForEngine();
  const title = `Pulumi ${ENGINE_VERSION} and its Node host: building`;
  await make(report, { name: "engine", key: engineKey(), title }, async directory => {
    await buildEngine(directory);
    await buildLanguageHost(directory);
  });
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
  return homeWith([...(await ensureBridgedPlugins(engine, report)), await ensureKubernetesPlugin(engine, report)]);
}

/** A plugin's file, and where it came from. */
interface Plugin {
  name: PluginName;
  file: string;
  origin: Origin;
}

async function ensureBridgedPlugins(engine: string, report: Report): Promise<Plugin[]> {
  const each = (origin: Origin, file: (name: PluginName) => string): Plugin[] =>
    BRIDGED_PLUGINS.map(name => ({ name, file: file(name), origin }));
  if (BRIDGED_PLUGINS.every(name => findPlugin(name) !== undefined))
    return each("present", name => findPlugin(name) ?? "");
  const official = officialPlugins(BRIDGED_PLUGINS);
  if (existsSync(official)) return each("downloaded", officialFile(official));
  const built = cachedPath("providers", providersKey());
  if (!existsSync(built)) {
    if (await downloadOfficial(engine, BRIDGED_PLUGINS, report)) return each("downloaded", officialFile(official));
    await needGoForEngine();
    const title = "aws and random plugins: building";
    await make(report, { name: "providers", key: providersKey(), title }, buildProviders);
  }
  return each("built", name => join(built, name, `pulumi-resource-${name}`));
}

/** The official kubernetes plugin; where it cannot be had, the one of this project. */
async function ensureKubernetesPlugin(engine: string, report: Report): Promise<Plugin> {
  const name = "kubernetes";
  const present = findPlugin(name);
  if (present) return { name, file: present, origin: "present" };
  const official = officialPlugins([name]);
  if (existsSync(official)) return { name, file: officialFile(official)(name), origin: "downloaded" };
  const key = kubernetesPluginKey();
  const built = cachedPath("kubernetes-plugin", key);
  if (!existsSync(built)) {
    if (await downloadOfficial(engine, [name], report))
      return { name, file: officialFile(official)(name), origin: "downloaded" };
    await make(report, { name: "kubernetes-plugin", key, title: "kubernetes plugin: building" }, buildKubernetesPlugin);
  }
  return { name, file: join(built, "pulumi-resource-kubernetes"), origin: "built" };
}

/** Whether the official plugins could be downloaded; all of them or none. */
async function downloadOfficial(engine: string, names: readonly PluginName[], report: Report): Promise<boolean> {
  if (!downloadsAllowed()) return false;
  const looking = report(`${names.join(" and ")} ${names.length > 1 ? "plugins" : "plugin"}: official download`);
  try {
    await cached("plugins", officialPluginsKey(names), waitingFor("plugins"), async directory => {
      for (const name of names) {
        const reason = await downloadPlugin(engine, name, directory);
        if (reason) throw new NotHad(reason);
      }
    });
    looking.done();
    return true;
  } catch (error) {
    if (!(error instanceof NotHad)) throw error;
    looking.skipped(error.message);
    return false;
  }
}

const officialPluginsKey = (names: readonly PluginName[]) =>
  `official-${names.map(name => `${name}-${PLUGIN_VERSIONS[name]}`).join("-")}`;
const officialPlugins = (names: readonly PluginName[]) => cachedPath("plugins", officialPluginsKey(names));
const providersKey = () => sourceKey(sources.providers);
const officialFile = (root: string) => (name: PluginName) =>
  join(root, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`, `pulumi-resource-${name}`);

/** A Pulumi home whose plugin directory links to these files: a trimmed build must never pass for the official plugin in the user's own home. */
async function homeWith(plugins: readonly Plugin[]): Promise<{ parts: Part[]; home: string }> {
  const files = plugins.map(plugin => plugin.file).join("\0");
  const key = createHash("sha256").update(files).digest("hex").slice(0, 16);
  const home = await cached("home", key, waitingFor("home"), async directory => {
    for (const { name, file } of plugins) {
      const plugin = join(directory, "plugins", `resource-${name}-v${PLUGIN_VERSIONS[name]}`);
      await mkdir(plugin, { recursive: true });
      await symlink(file, join(plugin, `pulumi-resource-${name}`));
    }
  });
  const parts = plugins.map(({ name, file, origin }) => ({
    name: `${name} plugin`,
    path: file,
    origin,
    version: PLUGIN_VERSIONS[name],
  }));
  return { parts, home };
}

async function ensureLocalAws(report: Report) {
  const key = sourceKey(sources.localAws);
  const directory = cachedPath("local-aws", key);
  if (!isFinished(directory, false)) {
    const python = await findPython();
    if (!python.newEnough)
      throw new Failure(
        `python3 is ${python.version ?? "not on PATH"}; ${MINIMUM_PYTHON} or newer is needed for the local AWS API`,
        "Install it (Debian 12: `apt-get install python3 python3-venv`), then run the same command again.",
      );
    const title = "local AWS API (moto): installing";
    await make(report, { name: "local-aws", key, title, relocatable: false }, buildLocalAws);
  }
  const python = join(directory, "venv", "bin", "python");
  return {
    python,
    script: join(directory, "local_aws.py"),
    part: { name: "local AWS API", path: python, origin: "built" as const, version: "moto 5.2.5" },
  };
}

/** Where neither the engine nor its plugins can be downloaded. */
const needGoForEngine = () =>
  needGo(
    "build the engine, which cannot be downloaded here",
    `, or Pulumi ${ENGINE_VERSION} itself, then run the same command again. \`npx palisade doctor\` lists all that is needed.`,
  );

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
