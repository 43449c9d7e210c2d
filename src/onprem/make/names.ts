// Make: which names a bundle, its parts and its files under way have, and what lies beside it already (PF-3).
import { readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../../toolchain/failure";
import { partName, type Slice } from "./slices";

/** What a file is called while it is written. */
export const partial = (path: string) => `${path}.part`;

/**
 * Refuses a name that is that of something else: a reader would look for the other parts, and the making of another bundle
 * would take the file for one of its own.
 * @throws Failure
 */
export function checkName(out: string): void {
  const ending = /\.\d{3}$/.test(out)
    ? "the number of a part"
    : /\.part(\.owner)?$/.test(out)
      ? "a file under way"
      : "";
  if (ending)
    throw new Failure(
      `${basename(out)} ends as ${ending} does`,
      `Give it an ending of its own: \`--out ${out.replace(/\.part(\.owner)?$/, "")}.tar\``,
    );
}

/**
 * Refuses to write over a bundle: somebody may have carried it away by name and checksum already.
 * @throws Failure if `out`, or a numbered part of it, is there
 */
export async function refuseExisting(out: string): Promise<void> {
  const names = await namesBeside(out);
  const found = names.find(name => name === basename(out) || isPartOf(name, out, ""));
  if (found)
    throw new Failure(
      `${join(dirname(out), found)} is there already; a bundle is not written over another`,
      `Name another file, or remove it: \`rm ${join(dirname(out), found)}\``,
    );
}

/**
 * Gives parts that an earlier making was just naming when it was killed the names of parts under way again, so that it is gone on with.
 * To be called only for a making in parts.
 */
export async function takeBack(out: string): Promise<void> {
  // In order: whenever this is killed, what is left is again what it began with.
  for (const name of interruptedParts(basename(out), await namesBeside(out)))
    await rename(join(dirname(out), name), partial(join(dirname(out), name)));
}

/**
 * Parts that have their names while all before them have not: the state that a kill between two of the namings leaves, and nothing
 * else does. Pure.
 * @param base name of the whole
 * @returns in order; none in any other state
 */
export function interruptedParts(base: string, names: readonly string[]): string[] {
  const found = names.filter(name => name === base || isPartOf(name, base, "") || isPartOf(name, base, ".part"));
  const underWay = found.filter(name => name !== base && name.endsWith(".part")).length;
  const all = found.map((_, at) => partName(base, at + 1));
  const expected = new Set(all.map((name, at) => (at < underWay ? partial(name) : name)));
  return underWay > 0 && found.every(name => expected.has(name)) ? all.slice(underWay) : [];
}

/** Removes what an earlier making of `out` left under other names than these. */
export async function removeStale(out: string, slices: readonly Slice[]): Promise<void> {
  const ours = new Set(slices.map(({ path }) => basename(partial(path))));
  for (const name of await namesBeside(out))
    if (!ours.has(name) && (name === basename(partial(out)) || isPartOf(name, out, ".part")))
      await rm(join(dirname(out), name));
}

/** Its path by the one name that its directory has beyond all links.
 * @throws Failure if there is no such directory */
export async function placeOf(out: string): Promise<string> {
  return join(await realpath(dirname(out)).catch(refused(out)), basename(out));
}

const namesBeside = (out: string) => readdir(dirname(out)).catch(refused(out));

const refused =
  (out: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw new Failure(`the directory of ${out}: ${error.code}`, "Make it first, or name another file: `--out FILE`.");
  };

/** Whether a name is `out` with a part's number and this ending. */
function isPartOf(name: string, out: string, ending: string): boolean {
  const base = basename(out);
  return (
    name.startsWith(base) &&
    name.endsWith(ending) &&
    /^\.\d{3}$/.test(name.slice(base.length, name.length - ending.length))
  );
}
