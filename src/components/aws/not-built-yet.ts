// AWS components: what the workload model can say and SaaS on AWS does not make yet. Refused by name, never left out silently.
import type { Workload } from "../../workload/workload";
import { gpuFaults, gpuVolumeFaults } from "./gpu-size";

/** @throws Error naming each part of the specification that would be left out. Call it before anything is registered. */
export function requireBuilt(workload: Workload): void {
  const missing = unbuilt(workload);
  if (missing.length > 0)
    throw new Error(
      `workload \`${workload.name}\` asks for what SaaS on AWS does not make yet:\n${missing.map(m => `  ${m}`).join("\n")}`,
    );
}

function unbuilt({ services, state, frontend, tenancy }: Workload): string[] {
  const kinds = ["volumes"] as const;
  return [
    ...kinds.flatMap(kind => Object.keys(state[kind]).map(name => `state.${kind}.${name}`)),
    ...(frontend?.hosting === "static" ? ["frontend.hosting: `static`; made is `external`"] : []),
    ...(tenancy ? ["tenancy"] : []),
    ...gpuVolumeFaults({ services, state }),
    ...Object.entries(services).flatMap(([name, service]) =>
      [
        service.machine && "machine",
        ...(service.resources.gpus > 0 ? gpuFaults(service) : []),
        service.resources.ceiling && "resources.ceiling",
        service.tracing && "tracing",
        service.scaling.mode === "active-passive" && "scaling.mode: `active-passive`",
        service.scaling.backPressure && "scaling.backPressure",
        service.network.egress.length > 0 && "network.egress",
        service.logs.some(log => log.file) && "logs: a `file`",
      ].flatMap(field => (field ? [`services.${name}.${field}`] : [])),
    ),
  ];
}
