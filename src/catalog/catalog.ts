// Catalogue: the workloads a stack can choose from, by name: one for each other file of this directory.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Workload } from "../workload/workload";

/**
 * Loads every specification in a directory: each `.ts` file exports one workload, under whatever name.
 * @throws Error naming the files, if one exports none or several, or two workloads have the same name.
 */
export function loadCatalog(directory: string): ReadonlyMap<string, Workload> {
  const files = readdirSync(directory)
    .filter(file => file.endsWith(".ts") && join(directory, file) !== __filename)
    .sort();
  const catalog = new Map<string, Workload>();
  const writtenIn = new Map<string, string>();
  for (const file of files) {
    const workload = exportedBy(join(directory, file));
    const other = writtenIn.get(workload.name);
    if (other)
      throw new Error(`\`${file}\` and \`${other}\` both have a workload named \`${workload.name}\`; names are unique`);
    writtenIn.set(workload.name, file);
    catalog.set(workload.name, workload);
  }
  return catalog;
}

function exportedBy(path: string): Workload {
  const exported: Record<string, unknown> = require(path);
  const [workload, ...others] = Object.values(exported).filter(isWorkload);
  if (workload && others.length === 0) return workload;
  throw new Error(
    `\`${basename(path)}\` exports ${others.length > 0 ? others.length + 1 : "no"} workloads; ` +
      "a file of the catalogue exports one: `export const name = defineWorkload({ … })`",
  );
}

function isWorkload(value: unknown): value is Workload {
  return typeof value === "object" && value !== null && "name" in value && "services" in value && "state" in value;
}

export const catalog: ReadonlyMap<string, Workload> = loadCatalog(__dirname);
