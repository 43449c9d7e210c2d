// Toolchain: the official builds. A download counts only if its checksum is the one the project publishes elsewhere.
import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run";
import { ENGINE_VERSION, PLUGIN_VERSIONS, type PluginName } from "./versions";

/** Where official builds and their checksums are had: two hosts, so that one alone cannot hand out a forged build. */
export interface Sources {
  archives: string;
  checksums: string;
}

const OFFICIAL: Sources = {
  archives: "https://get.pulumi.com/releases/sdk",
  checksums: `https://github.com/pulumi/pulumi/releases/download/v${ENGINE_VERSION}`,
};

const CONNECT_TIMEOUT_MS = 8_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/** Whether downloads may be tried at all: `PALISADE_DOWNLOADS=off` goes straight to building. */
export function downloadsAllowed(): boolean {
  return process.env.PALISADE_DOWNLOADS !== "off";
}

/**
 * Downloads the engine and its language hosts into `directory`/bin.
 * @returns undefined when done, otherwise why not; then `directory` is as it was
 */
export async function downloadEngine(directory: string, sources: Sources = OFFICIAL): Promise<string | undefined> {
  const archive = archiveName();
  if (!archive) return `no official build for ${process.platform} ${process.arch}`;
  const work = join(directory, "download");
  try {
    const list = (
      await get(`${sources.checksums}/pulumi-${ENGINE_VERSION}-checksums.txt`, CONNECT_TIMEOUT_MS)
    ).toString();
    const expected = list
      .split("\n")
      .map(line => line.trim().split(/\s+/))
      .find(([, name]) => name === archive)?.[0];
    if (!expected) return `the published checksums do not name ${archive}`;
    const content = await get(`${sources.archives}/${archive}`, DOWNLOAD_TIMEOUT_MS);
    const actual = createHash("sha256").update(content).digest("hex");
    if (actual !== expected) return `${archive} has checksum ${actual}, published is ${expected}`;
    await mkdir(work, { recursive: true });
    const file = join(work, archive);
    await writeFile(file, content);
    const unpacked = await run("tar", ["-xzf", file, "-C", work, "--no-same-owner"]);
    if (unpacked.code !== 0) return `${archive} does not unpack: ${unpacked.stderr.trim()}`;
    await rename(join(work, "pulumi"), join(directory, "bin"));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Lets the engine itself fetch an official plugin into `home`. Returns undefined when done, otherwise why not. */
export async function downloadPlugin(engine: string, name: PluginName, home: string): Promise<string | undefined> {
  const { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: _, ...env } = process.env;
  const result = await run(engine, ["plugin", "install", "resource", name, `v${PLUGIN_VERSIONS[name]}`], {
    env: { ...env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  return result.code === 0 ? undefined : lastLine(result.stderr);
}

function archiveName(): string | undefined {
  const system = { linux: "linux", darwin: "darwin" }[process.platform as string];
  const machine = { x64: "x64", arm64: "arm64" }[process.arch as string];
  return system && machine ? `pulumi-v${ENGINE_VERSION}-${system}-${machine}.tar.gz` : undefined;
}

async function get(url: string, timeoutMs: number): Promise<Buffer> {
  const host = new URL(url).host;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: Error) => {
    throw new Error(
      `${host} cannot be reached (${error.cause instanceof Error ? error.cause.message : error.message})`,
    );
  });
  if (!response.ok) throw new Error(`${host} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "no reason given";
}
