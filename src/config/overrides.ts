// Config: the specification as one stack runs it.
import type { Service, Workload } from "../workload/workload";
import type { DatabaseSettings, WorkloadOverrides } from "./workload-schema";

/**
 * The specification with a stack's overrides in place. Pure; overrides that `parseConfig` accepted fit the specification.
 * @throws Error if an override names a service that the specification does not have.
 */
export function applyOverrides(
  workload: Workload,
  overrides: Pick<WorkloadOverrides, "services" | "postgres" | "vectors">,
): Workload {
  for (const name of Object.keys(overrides.services))
    if (!Object.hasOwn(workload.services, name))
      throw new Error(`\`overrides.services\`: no service \`${name}\` in workload \`${workload.name}\``);
  const services = Object.entries(workload.services).map(([name, service]): [string, Service] => [
    name,
    overrideService(service, overrides.services[name]),
  ]);
  const { postgres, vectors } = workload.state;
  return {
    ...workload,
    services: Object.fromEntries(services),
    state: {
      ...workload.state,
      postgres: postgres && { ...postgres, storageGiB: overrides.postgres?.storageGiB ?? postgres.storageGiB },
      vectors: vectors && { ...vectors, storageGiB: overrides.vectors?.storageGiB ?? vectors.storageGiB },
    },
  };
}

function overrideService(service: Service, override: WorkloadOverrides["services"][string] | undefined): Service {
  if (!override) return service;
  const { resources, scaling } = service;
  return {
    ...service,
    resources: {
      ...resources,
      cpuMillicores: override.cpuMillicores ?? resources.cpuMillicores,
      memoryMiB: override.memoryMiB ?? resources.memoryMiB,
    },
    scaling: {
      ...scaling,
      minReplicas: override.minReplicas ?? scaling.minReplicas,
      maxReplicas: override.maxReplicas ?? scaling.maxReplicas,
    },
    environment: { ...service.environment, ...override.environment },
  };
}

/** Settings of one database: the stack's defaults, then the workload's own. */
export function databaseSettings(
  defaults: DatabaseSettings,
  override: WorkloadOverrides["postgres"],
): DatabaseSettings {
  return {
    instanceClass: override?.instanceClass ?? defaults.instanceClass,
    multiAz: override?.multiAz ?? defaults.multiAz,
    deletionProtection: override?.deletionProtection ?? defaults.deletionProtection,
    finalSnapshot: override?.finalSnapshot ?? defaults.finalSnapshot,
  };
}
