// AWS components: what the workload model can say and SaaS on AWS does not make yet. Refused by name, never left out silently.
import type { Workload } from "../../workload/workload";
import { gpuFaults, gpuVolumeFaults } from "./gpu-size";
import { unbuiltVolumes } from "./volumes-not-built-yet";

/** @throws Error naming each part of the specification that would be left out. Call it before anything is registered. */
export function requireBuilt(workload: Workload): void {
  const missing = unbuilt(workload);
  if (missing.length > 0)
    throw new Error(
      `workload \`${workload.name}\` asks for what SaaS on AWS does not make yet:\n${missing.map(m => `  ${m}`).join("\n")}`,
    );
}

function unbuilt(workload: Workload): string[] {
  return [
    ...unbuiltVolumes(workload),
    ...gpuVolumeFaults(workload),
    ...Object.entries(workload.services).flatMap(([name, service]) =>
      (service.resources.gpus > 0 ? gpuFaults(service) : []).map(field => `services.${name}.${field}`),
    ),
  ];
}
