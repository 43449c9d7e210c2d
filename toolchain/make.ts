// Toolchain: making what the cache lacks, in sight of whoever waits for it, and the Go that most of it is built with.
import { cached, cachedPath, isFinished } from "./cache";
import { Failure } from "./failure";
import { findGo } from "./find";
import { during, type Report } from "./progress";
import { MINIMUM_GO } from "./versions";

/** What is to be had from the cache. */
export interface Making {
  /** Name and key of its directory there. */
  name: string;
  key: string;
  /** For the progress line, which is shown only if it has to be made. */
  title: string;
  /** As of `cached`; true. */
  relocatable?: boolean;
}

/**
 * Returns the directory of a tool, made first if need be, with its progress reported.
 * @param work fills the directory, as of `cached`
 */
export async function make(
  report: Report,
  { name, key, title, relocatable = true }: Making,
  work: (directory: string) => Promise<void>,
): Promise<string> {
  const path = cachedPath(name, key);
  if (isFinished(path, relocatable)) return path;
  await during(title, () => cached(name, key, waitingFor(name), work, relocatable), report);
  return path;
}

/** Says, for `cached`, why nothing happens for a while. */
export const waitingFor = (what: string) => () =>
  process.stderr.write(`  … another palisade is making ${what}; waiting for it\n`);

/**
 * Ends a command that is about to build, where Go is missing or too old.
 * @param purpose what it is for: the words after "needed to"
 * @param otherwise what else would do: the words after "Install Go X or newer"
 * @throws Failure
 */
export async function needGo(purpose: string, otherwise = ", then run the same command again."): Promise<void> {
  const go = await findGo();
  if (go.newEnough) return;
  throw new Failure(
    `go is ${go.version ?? "not on PATH"}; ${MINIMUM_GO} or newer is needed to ${purpose}`,
    `Install Go ${MINIMUM_GO} or newer${otherwise}`,
  );
}
