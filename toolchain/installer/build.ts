// Installer: a runtime and a script become one executable (single executable applications of Node), the same bytes every time.
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../failure";
import { run } from "../run";
import type { InstallerArchitecture, InstallerParts } from "./parts";

/** Where Node looks for a blob, and the mark that tells it there is one; both from Node's own documentation. */
const RESOURCE = "NODE_SEA_BLOB";
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const TIMEOUT_MS = 120_000;

/** Architectures in the order they are made. */
export const architectures: readonly InstallerArchitecture[] = ["amd64", "arm64"];

/** Name of the executable of an architecture, here and in a bundle. */
export const executableName = (architecture: InstallerArchitecture) => `palisade-linux-${architecture}`;

/**
 * Fills `directory` with an executable for each architecture, and the blob that both hold.
 * @param script path of the program
 */
export async function buildInstaller(script: string, parts: InstallerParts, directory: string): Promise<void> {
  const work = join(directory, "work");
  await mkdir(work);
  await copyFile(script, join(work, "palisade.cjs"));
  await writeFile(
    join(work, "sea.json"),
    JSON.stringify({
      // A relative path, because it is written into the blob.
      main: "palisade.cjs",
      output: "../blob",
      disableExperimentalSEAWarning: true,
      // Either one would bind the blob to the machine and the architecture it was made on.
      useSnapshot: false,
      useCodeCache: false,
      // A customer's authority is usually in the system's store. What Node thinks of a package in here is nothing to an operator.
      // Young objects are cleared away at 2 MiB, not at 16: no slower here, and 20 MB less.
      execArgv: ["--use-system-ca", "--no-deprecation", "--max-semi-space-size=2"],
      // An operator's NODE_OPTIONS is about programs of their own.
      execArgvExtension: "none",
    }),
  );
  const here = process.arch === "arm64" ? parts.node.arm64 : parts.node.amd64;
  await must(here, ["--experimental-sea-config", "sea.json"], work);
  for (const architecture of architectures) {
    const executable = join(directory, executableName(architecture));
    await copyFile(parts.node[architecture], executable);
    await chmod(executable, 0o755);
    const inject = [parts.postject, executable, RESOURCE, join(directory, "blob"), "--sentinel-fuse", FUSE];
    await must(process.execPath, inject, work);
  }
  await rm(work, { recursive: true });
}

async function must(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { code, stdout, stderr } = await run(program, args, { cwd, env, timeoutMs: TIMEOUT_MS });
  if (code === 0) return;
  throw new Failure(
    `the installer cannot be made: \`${args[0]}\` ended with ${code}: ${`${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n")}`,
    "Is the disk full? 500 MB are needed. Make room, and run the same command again.",
  );
}
