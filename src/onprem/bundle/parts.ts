// Bundle: which files a bundle is made of: one, or numbered slices `FILE.001`, `FILE.002`… Pure.
import { Refusal } from "../format/refusal";

/** Most parts there may be: three digits. */
export const MOST_PARTS = 999;

const numbered = /^(.+)\.(\d{3})$/;

/** Name of a part, from 1. */
export function partName(name: string, part: number): string {
  return `${name}.${String(part).padStart(3, "0")}`;
}

/**
 * Finds the files of a bundle by the name of the whole or of its first part.
 *
 * @param name as given, without directories
 * @param names all that lie in its directory
 * @throws Refusal if there is none, a part is missing, or another part than the first was named
 */
export function partsOf(name: string, names: readonly string[]): string[] {
  const [, base, number] = numbered.exec(name) ?? [];
  // Also a whole one may be called `onprem-1.4.100`; without a first part no other is one.
  if (names.includes(name) && (base === undefined || !names.includes(partName(base, 1)))) return [name];
  const whole = base ?? name;
  const found = names
    .flatMap(each => {
      const [, of, part] = numbered.exec(each) ?? [];
      return of === whole ? [Number(part)] : [];
    })
    .sort((a, b) => a - b);
  if (found.length === 0)
    throw new Refusal(
      `${name} is not there, and no ${partName(whole, 1)} either.`,
      "the file, or the first of its parts.",
      "Look for it with `ls -l`, and type the command again with its path.",
    );
  if (number !== undefined && number !== "001")
    throw new Refusal(
      `${name} is not the first part.`,
      "the first part, or the name of the whole.",
      `Type the command again with ${partName(whole, 1)}.`,
    );
  const gap = found.findIndex((part, at) => part !== at + 1);
  if (gap >= 0)
    throw new Refusal(
      `part ${partName(whole, gap + 1)} is missing; the last there is ${partName(whole, found.at(-1) ?? 0)}.`,
      "all parts, numbered from 001.",
    );
  return found.map(part => partName(whole, part));
}
