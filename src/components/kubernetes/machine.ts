// Kubernetes components: a service with a `machine` as a pod: each of its units is a container of the one image (CP-1, CP-9). Pure.
import { createHash } from "node:crypto";
import type { Service } from "../../workload/workload";
import { boundedName } from "../aws/bounded-name";
import { unitsOf } from "../aws/machine-settings";

export interface Unit {
  /** Name of the container. */
  container: string;
  /** What the process finds in `PALISADE_UNIT`; nothing where there is no machine. */
  variables: Record<string, string>;
  bounds: { cpuMillicores: number; memoryMiB: number };
}

/**
 * Processes of a service: one, or the units of its machine, which share its bounds evenly. The image brings what the
 * operating system of the machine was for; its disk is the root file system, and read-only.
 */
export function unitsOfPod(name: string, service: Pick<Service, "machine" | "resources">): Unit[] {
  const { cpuMillicores, memoryMiB } = service.resources;
  if (!service.machine) return [{ container: name, variables: {}, bounds: { cpuMillicores, memoryMiB } }];
  const units = unitsOf(name, service);
  return units.map(unit => ({
    container: containerName(unit),
    variables: { PALISADE_UNIT: unit },
    bounds: {
      cpuMillicores: Math.floor(cpuMillicores / units.length),
      memoryMiB: Math.floor(memoryMiB / units.length),
    },
  }));
}

/** A DNS label for `worker@2.service`. */
function containerName(unit: string): string {
  const name = unit.replace(/\.service$/, "").toLowerCase();
  const label = name.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  // What was lost must not make two alike.
  return label === name ? boundedName(label, 63) : boundedName(`${label}-${hashOf(unit)}`, 63);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
