// Platform: the specification of a workload that a stack names, in either mode (PF-1). Pure.
import type { Workload } from "../workload/workload";

/** @throws Error naming the workloads there are, if the catalogue does not have this one. */
export function specificationOf(catalog: ReadonlyMap<string, Workload>, name: string): Workload {
  const workload = catalog.get(name);
  if (!workload)
    throw new Error(`no workload \`${name}\` in the catalogue; there are ${[...catalog.keys()].join(", ")}`);
  return workload;
}
