// Config: what `palisade config check` and `config schema` do. The CLI prints, nothing more.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Workload } from "../workload/workload";
import { type Fault, inOrder, renderFaults } from "./faults";
import { readStackFile } from "./file";
import { stackConfigJsonSchema } from "./json-schema";
import { parseConfig } from "./parse";

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
