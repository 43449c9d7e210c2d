// Config: what is wrong with a configuration, and the one message that says all of it.
import { type Path, writePath } from "./paths";

export interface Fault {
  /** Where: a full key such as `palisade:retention.logDays`, or the environment variable or file at fault. */
  readonly path: string;
  /** What stands there. Never a secret, nor anything that looks like one (PF-7). */
  readonly found: string;
  /** What may stand there, in the words of whoever has to type it. */
  readonly allowed: string;
  /** Control that asks for it. */
  readonly control?: string;
}

export function faultAt(path: Path, found: string, allowed: string, control?: string): Fault {
  return { path: writePath(path), found, allowed, control };
}

export interface Occasion {
  /** What was read, such as "the configuration of stack `prod`". */
  readonly subject: string;
  /** Command to type once the faults are mended. */
  readonly next: string;
}

/** The same fault once, in the order of the paths. */
export function inOrder(faults: readonly Fault[]): Fault[] {
  const once = new Map(faults.map(fault => [JSON.stringify([fault.path, fault.found, fault.allowed]), fault]));
  return [...once.values()].sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

export function renderFaults(faults: readonly Fault[], { subject, next }: Occasion): string {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return [
    `${subject} has ${count}.`,
    ...inOrder(faults).flatMap(({ path, found, allowed, control }) => [
      `  ${path}: found ${found}`,
      `      allowed: ${allowed}${control ? ` (${control})` : ""}`,
    ]),
    `Next: ${next}`,
  ].join("\n");
}

/** Names in back-ticks. */
export function listNames(names: Iterable<string>): string {
  return [...names].map(name => `\`${name}\``).join(", ") || "none";
}

/** The allowed names and, if one is close to what was typed, which. */
export function allowedNames(names: readonly string[], typed: string): string {
  if (names.length === 0) return "nothing";
  const near = nearest(names, typed);
  return `${near ? `did you mean \`${near}\`? ` : ""}one of ${listNames(names)}`;
}

/** The name at most a third of its letters away from what was typed. */
export function nearest(names: readonly string[], typed: string): string | undefined {
  const ranked = names
    .map(name => ({ name, distance: distance(name.toLowerCase(), typed.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined;
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Command that encrypts a value in place. */
export function secretCommand(path: Path): string {
  return `pulumi config set --secret --path '${writePath(path)}'`;
}
