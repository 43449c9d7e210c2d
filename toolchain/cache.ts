// Toolchain: built tools lie outside the checkout under the checksum of what they are built from, whole or not at all.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, relative } from "node:path";
import { exclusively } from "./lock";

/** Directory of everything cached: `$PALISADE_CACHE`, or `palisade` in the user's cache directory. */
export function cacheRoot(): string {
  return process.env.PALISADE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "palisade");
}

/** Checksum of a source tree (names and contents) and of anything else that shapes the result; 16 hexadecimal digits. */
export function sourceKey(directory: string, ...more: string[]): string {
  const hash = createHash("sha256");
  for (const file of filesBelow(directory)) {
    hash.update(`${relative(directory, file)}\0`);
    hash.update(createHash("sha256").update(readFileSync(file)).digest());
  }
  for (const part of [process.platform, process.arch, ...more]) hash.update(`\0${part}`);
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap(entry => {
      const path = join(directory, entry.name);
      if (entry.name === "__pycache__") return [];
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** Where the tool `name` with this key lies, or would lie. */
export function cachedPath(name: string, key: string): string {
  return join(cacheRoot(), `${name}-${key}`);
}

/**
 * Returns the directory of a tool, making it first if need be. `make` fills a directory that nobody else sees, which is
 * then renamed: a killed build leaves nothing that could be taken for a finished one, and two at once make it once.
 * @param relocatable false for a tool that remembers its own path (a Python virtual environment); it is made in place
 *   and counts as finished by a mark written last
 */
export async function cached(
  name: string,
  key: string,
  waiting: () => void,
  make: (directory: string) => Promise<void>,
  relocatable = true,
): Promise<string> {
  const final = cachedPath(name, key);
  if (isFinished(final, relocatable)) return final;
  return exclusively(final, waiting, async () => {
    if (isFinished(final, relocatable)) return final;
    await mkdir(cacheRoot(), { recursive: true });
    await removeAbandoned(final);
    const work = relocatable ? `${final}.partial-${randomBytes(4).toString("hex")}` : final;
    await mkdir(work, { recursive: true });
    try {
      await make(work);
      if (relocatable) await rename(work, final);
      else await mkdir(join(final, FINISHED));
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      throw error;
    }
    return final;
  });
}

const FINISHED = ".finished";

/** Whether the directory of a tool is there and whole; `relocatable` as of `cached`. */
export function isFinished(path: string, relocatable: boolean): boolean {
  return existsSync(relocatable ? path : join(path, FINISHED));
}

/** Clears what a killed build of the same tool left behind; the caller holds its lock, so nobody is working on it. */
async function removeAbandoned(final: string): Promise<void> {
  const name = basename(final);
  for (const entry of await readdir(cacheRoot()))
    if (entry === name || entry.startsWith(`${name}.partial-`))
      await rm(join(cacheRoot(), entry), { recursive: true, force: true });
}
