// Release: what values may not do although the configuration could: shorten what is kept, set what the release pins (RT-13, RT-15, RT-23).
import { allowedNames, type Fault, faultAt } from "../../config/faults";
import type { SealedOnpremConfig } from "../../config/onprem-schema";
import { isTree, type Path, type Tree, valueAt } from "../../config/paths";
import type { Workload } from "../../workload/workload";

const kept = [
  { key: "logDays", control: "RT-23" },
  { key: "complianceDays", control: "SP-14, SP-8" },
] as const;

/** What is kept may be kept longer than the stack says, never shorter. */
export function retentionFaults(stack: SealedOnpremConfig, changed: SealedOnpremConfig): Fault[] {
  return kept
    .filter(({ key }) => changed.retention[key] < stack.retention[key])
    .map(({ key, control }) => {
      const allowed = `at least the ${stack.retention[key]} days that the bundle says`;
      return faultAt(["retention", key], `${changed.retention[key]} days`, allowed, control);
    });
}

/** Whether a value of a variable is a checksum of what is in the image, which the release pins. */
export function isPinned(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/**
 * Values may set the variables of a service that the specification or the stack gives a text, but for those that are pinned:
 * one that neither knows could change how the process itself works. Judged on what comes of it: taking away a section
 * takes away what is in it.
 */
export function variableFaults(stack: Tree, changed: Tree, workloads: ReadonlyMap<string, Workload>): Fault[] {
  return [...workloads].flatMap(([workload, { services }]) =>
    Object.entries(services).flatMap(([service, { environment }]): Fault[] => {
      const at = ["workloads", workload, "services", service, "environment"];
      const own: Tree = { ...environment, ...treeAt(stack, at) };
      const next: Tree = { ...environment, ...treeAt(changed, at) };
      const open = Object.keys(own).filter(name => typeof own[name] === "string" && !isPinned(own[name]));
      return [...new Set([...Object.keys(own), ...Object.keys(next)])]
        .filter(name => own[name] !== next[name] && !open.includes(name))
        .map(name => {
          const found = "a variable that the release does not leave open";
          return faultAt([...at, name], found, allowedNames(open, name), "RT-13, RT-15");
        });
    }),
  );
}

function treeAt(node: Tree, path: Path): Tree | undefined {
  const found = valueAt(node, path);
  return isTree(found) ? found : undefined;
}
