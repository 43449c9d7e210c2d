// Toolchain: one program of a Go module, built once for all who need it: the tool that packs images, recipes of images, tests.
import { join } from "node:path";
import { go } from "./build";
import { cached, sourceKey } from "./cache";
import { needGo, waitingFor } from "./make";

export interface GoProgram {
  /** Name of the program, and with `program-` before it of its directory in the cache. */
  name: string;
  /** Directory of the module. Its go.sum holds every byte that comes in. */
  module: string;
  /** The main package; the module's own, `.`. */
  main?: string;
}

/** Small, and the same bytes from the same source: without symbols, and without the build id. */
export const STRIPPED = ["-ldflags", "-s -w -buildid="] as const;

/**
 * Path of the program, built on first use under the checksum of its module, and then only looked up.
 * @throws Failure if Go is missing or too old, or the build fails; nothing half-made is kept
 */
export async function goProgram({ name, module, main = "." }: GoProgram): Promise<string> {
  const key = sourceKey(module, main, ...STRIPPED);
  const directory = await cached(`program-${name}`, key, waitingFor(name), async work => {
    await needGo(`build ${name}`);
    await go(module, ["build", ...STRIPPED, "-o", join(work, name), main]);
  });
  return join(directory, name);
}
