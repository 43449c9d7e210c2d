// Toolchain tests: every system, and what the platform shares among them, as Kubernetes YAML files in a directory.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { foundationObjects } from "../../src/components/kubernetes/foundation-objects";
import { type WorkloadObjects, workloadObjects } from "../../src/components/kubernetes/workload-objects";
import { kubernetesFile } from "../../src/render/kubernetes";
import { foundationHome } from "../unit/kubernetes/helper-homes";
import { homeOf, systems } from "../unit/kubernetes/samples";

/** Names of the files: those of the systems, and `palisade`. */
export const rendered = [...systems().map(({ name }) => name), "palisade"];

/** @returns the file of each. */
export function renderAll(directory: string): Record<string, string> {
  mkdirSync(directory, { recursive: true });
  const write = (name: string, contents: WorkloadObjects): [string, string] => {
    const file = join(directory, `${name}.yaml`);
    writeFileSync(file, kubernetesFile(contents));
    return [name, file];
  };
  return Object.fromEntries([
    ...systems().map(workload => write(workload.name, workloadObjects(homeOf(workload)))),
    write("palisade", foundationObjects(foundationHome({ environment: "prod" }))),
  ]);
}
