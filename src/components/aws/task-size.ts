// AWS components: what one task holds in all: its process and what the platform runs beside it (RT-6, IS-8). Pure.
import type { Service } from "../../workload/workload";
import { findFargateSize, largestFargateSize } from "./fargate-size";
import { logRouterResources } from "./log-router";
import { connectRole, proxyResources } from "./service-connect";
import { collectorResources } from "./telemetry-collector";
import type { Unbuilt } from "./unbuilt";

type TaskResources = Pick<Service["resources"], "cpuMillicores" | "memoryMiB">;

/** The sum of what parts of a task hold. */
export function taskResources(parts: readonly TaskResources[]): TaskResources {
  return {
    cpuMillicores: parts.reduce((sum, { cpuMillicores }) => sum + cpuMillicores, 0),
    memoryMiB: parts.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
  };
}

/** What the platform runs beside a process, as its specification asks for it: proxy, collector, log router. */
export function besideProcess(service: Service): TaskResources[] {
  return [
    ...(connectRole(service) === "none" ? [] : [proxyResources]),
    ...(service.tracing ? [collectorResources] : []),
    ...(service.logs.some(log => log.fields) ? [logRouterResources] : []),
  ];
}

/** Sizes of a service on Fargate, its ceiling included, that Fargate does not sell. */
export function taskSizeFaults(service: Service): Unbuilt[] {
  const { ceiling, ...base } = service.resources;
  const beside = besideProcess(service);
  const { cpuMillicores, memoryMiB } = taskResources(beside);
  const sizes = { resources: base, ...(ceiling && { "resources.ceiling": ceiling }) };
  return Object.entries(sizes).flatMap(([path, process]) => {
    const all = taskResources([process, ...beside]);
    if (findFargateSize(all.cpuMillicores, all.memoryMiB)) return [];
    return [
      {
        path,
        found: `${all.cpuMillicores} millicores and ${all.memoryMiB} MiB with what runs beside the process`,
        allowed:
          `up to ${largestFargateSize.cpuMillicores - cpuMillicores} millicores and ` +
          `${largestFargateSize.memoryMiB - memoryMiB} MiB, which leaves room beside it in the largest task of Fargate`,
      },
    ];
  });
}
