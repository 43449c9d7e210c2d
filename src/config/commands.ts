// Config: what `palisade config check`, `config schema` and `config diff` do. The CLI prints, nothing more.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Workload } from "../workload/workload";
import { type Fault, inOrder, renderFaults } from "./faults";
import { readStackFile } from "./file";
import { stackConfigJsonSchema } from "./json-schema";
import { parseConfig } from "./parse";
import { leaves, writePlace } from "./paths";
import { Sealed } from "./sealed";

export interface CheckResult {
  readonly ok: boolean;
  readonly message: string;
  /** In the order of their paths; empty if `ok`. */
  readonly faults: readonly Fault[];
}

/** Stack files of a directory, sorted: what `config check` looks at when no file is named. */
export function stackFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => /^Pulumi\..+\.ya?ml$/.test(name))
    .sort()
    .map(name => join(directory, name));
}

/** Checks a stack file as the program would at its start, without the engine and without decrypting anything. */
export function checkConfigFile(path: string, catalog: ReadonlyMap<string, Workload>): CheckResult {
  const { raw, stack, faults: ofFile } = readStackFile(path);
  // Without values, every key would be reported missing: the file's own fault says it better.
  const parsed = raw.size > 0 || ofFile.length === 0 ? parseConfig(raw, { catalog, stack, preview: true }) : undefined;
  const faults = inOrder([...ofFile, ...(parsed && !parsed.ok ? parsed.faults : [])]);
  if (faults.length === 0) return { ok: true, message: `${path}: ${raw.size} keys, no fault.`, faults };
  const next = `npx palisade config check --file ${path}`;
  return { ok: false, message: renderFaults(faults, { subject: path, next }), faults };
}

/** JSON Schema of a stack file, as text. */
export function printSchema(): string {
  return `${JSON.stringify(stackConfigJsonSchema(), null, 2)}\n`;
}

/** Largest share of keys, in percent, that two environments may differ by (RT-16). */
export const allowedDriftPercent = 5;

export interface ConfigDiff {
  /** No key of the first file is missing in the second, and the drift is within bounds. */
  readonly ok: boolean;
  readonly message: string;
  readonly onlyInFirst: readonly string[];
  readonly onlyInSecond: readonly string[];
  /** Keys of both whose values differ; an encrypted value cannot be compared and is never listed. */
  readonly changed: readonly string[];
  /** Keys that only one file has, among the keys of both together. */
  readonly driftPercent: number;
}

/** Compares the key sets of two stack files; values are compared, and never shown (RT-14, RT-16). */
export function diffConfigs(first: string, second: string): ConfigDiff {
  const [a, b] = [readStackFile(first), readStackFile(second)];
  const faults = [...a.faults, ...b.faults];
  if (faults.length > 0) {
    const next = `npx palisade config diff ${first} ${second}`;
    const message = renderFaults(faults, { subject: "Nothing was compared: the pair of files", next });
    return { ok: false, message, onlyInFirst: [], onlyInSecond: [], changed: [], driftPercent: 0 };
  }
  const [keysA, keysB] = [keysOf(a.raw), keysOf(b.raw)];
  const onlyInFirst = [...keysA.keys()].filter(key => !keysB.has(key)).sort();
  const onlyInSecond = [...keysB.keys()].filter(key => !keysA.has(key)).sort();
  const changed = [...keysA].filter(([key, value]) => keysB.has(key) && keysB.get(key) !== value).map(([key]) => key);
  const all = new Set([...keysA.keys(), ...keysB.keys()]).size;
  const driftPercent = all === 0 ? 0 : (100 * (onlyInFirst.length + onlyInSecond.length)) / all;
  const ok = onlyInFirst.length === 0 && driftPercent <= allowedDriftPercent;
  const section = (title: string, keys: readonly string[]) =>
    keys.length === 0 ? [] : [`${title}:`, ...keys.map(key => `  ${key}`)];
  const message = [
    ...section(`only in ${first}`, onlyInFirst),
    ...section(`only in ${second}`, onlyInSecond),
    ...section("in both, with another value", changed.sort()),
    `Key-set drift: ${onlyInFirst.length + onlyInSecond.length} of ${all} keys, ${driftPercent.toFixed(1)} % ` +
      `(allowed: no key of the first file missing, at most ${allowedDriftPercent} %; RT-16).`,
  ].join("\n");
  return { ok, message, onlyInFirst, onlyInSecond, changed, driftPercent };
}

/** Keys down to the last level with their values in one string. A list counts as one place, whatever its length. */
function keysOf(raw: ReadonlyMap<string, unknown>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [key, value] of raw)
    for (const [path, leaf] of leaves(value)) {
      const place = writePlace(key, path).replace(/\[\d+\]/g, "[]");
      const shown = leaf instanceof Sealed ? "" : JSON.stringify(leaf);
      keys.set(place, `${keys.get(place) ?? ""} ${shown}`);
    }
  return keys;
}
