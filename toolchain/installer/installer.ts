// Installer: the operator's one executable, for each architecture, found in the cache or made (PF-3). It needs no Node and no npm there.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { make } from "../make";
import { type Report, step } from "../progress";
import { buildInstaller, executableName } from "./build";
import { type InstallerArchitecture, installerParts, partsKey } from "./parts";
import { installerScript } from "./script";

/**
 * Finds or makes the executables: the same source gives the same bytes on every machine. Warm: half a second.
 * @returns paths in the cache; copy from there, never move
 * @throws Failure naming what is missing and how to get it
 */
export async function ensureInstaller(report: Report = step): Promise<Record<InstallerArchitecture, string>> {
  const { path } = await installerScript(report);
  const key = createHash("sha256")
    .update(readFileSync(path))
    .update(await partsKey())
    .update(readFileSync(join(__dirname, "build.ts")))
    .digest("hex")
    .slice(0, 16);
  const making = { name: "installer", key, title: "the installer's executables: making" };
  const directory = await make(report, making, async work => {
    await buildInstaller(path, await installerParts(report), work);
  });
  return {
    amd64: join(directory, executableName("amd64")),
    arm64: join(directory, executableName("arm64")),
  };
}
