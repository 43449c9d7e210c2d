// Catalogue: the workloads a stack can choose from, by name: one for each other file of this directory.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { SpecificationError } from "../workload/specification-error";
import type { Workload } from "../workload/workload";

/**
 * Loads every specification in a directory: each `.ts` file exports one workload, under whatever name.
 * @throws Error with the faults of all files at once: what is wrong with a specification, a file that exports none or
 * several, two workloads of one name.
 */
export function loadCatalog(directory: string): ReadonlyMap<string, Workload> {
  const files = readdirSync(directory)
    .filter(file => file.endsWith(".ts") && join(directory, file) !== __filename)
    .sort();
  const catalog = new Map<string, Workload>();
  const writtenIn = new Map<string, string>();
  const faults: string[] = [];
  for (const file of files) {
    const workload = exportedBy(join(directory, file));
    const other = typeof workload === "string" ? undefined : writtenIn.get(workload.name);
    if (typeof workload === "string") faults.push(workload);
    else if (other)
      faults.push(`\`${file}\` and \`${other}\` both have a workload named \`${workload.name}\`; names are unique`);
    else {
      writtenIn.set(workload.name, file);
      catalog.set(workload.name, workload);
    }
  }
  if (faults.length > 0) throw new Error(`the catalogue cannot be read; nothing was registered.\n${faults.join("\n")}`);
  return catalog;
}

/** The workload, or what is wrong with the file. */
function exportedBy(path: string): Workload | string {
  const file = basename(path);
  let exported: Record<string, unknown>;
  try {
    exported = require(path);
  } catch (error) {
    if (isSpecificationError(error)) return `\`${file}\`: ${error.message}`;
    throw error;
  }
  const [workload, ...others] = Object.values(exported).filter(isWorkload);
  if (workload && others.length === 0) return workload;
  return (
    `\`${file}\` exports ${others.length > 0 ? others.length + 1 : "no"} workloads; ` +
    "a file of the catalogue exports one: `export const name = defineWorkload({ … })`"
  );
}

/** By name: a test runner loads the class once for itself and once for what is required. */
function isSpecificationError(error: unknown): error is SpecificationError {
  return error instanceof Error && error.name === SpecificationError.name;
}

function isWorkload(value: unknown): value is Workload {
  return typeof value === "object" && value !== null && "name" in value && "services" in value && "state" in value;
}

export const catalog: ReadonlyMap<string, Workload> = loadCatalog(__dirname);
