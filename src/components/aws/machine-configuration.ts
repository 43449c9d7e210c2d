// AWS components: from a workload's specification and outputs to what one of its machines is told (CP-1, CP-3).
import * as pulumi from "@pulumi/pulumi";
import type { MachineServiceArgs } from "./machine-service";
import { userData } from "./machine-user-data";
import { resolveEnvironment } from "./service-environment";
import { combineParts, type ServiceParts } from "./service-parts";

/** What the service's own parts know, once they are made. */
export interface MachineFacts {
  logGroupName: pulumi.Input<string>;
  processRoleArn: pulumi.Input<string>;
  /** Variables that other parts of the workload add. */
  added: Record<string, pulumi.Input<string>>;
  metricDimensions: Record<string, string>;
  ipv6: boolean;
}

/** User data of the machines, known once all that it names is. */
export function machineUserData(args: MachineServiceArgs, facts: MachineFacts): pulumi.Output<string> {
  const { workload, serviceName, service, registry, databases, parameters, context } = args;
  const resolved = resolveEnvironment(serviceName, service, { ...context, services: workload.services, databases });
  // The commit is that of the last delivery, not of the machine's start.
  const releaseVariables = Object.entries(service.environment).flatMap(([name, value]) =>
    typeof value === "object" && "from" in value && value.from === "build-sha" ? [name] : [],
  );
  const lasting = Object.entries({ ...resolved, ...facts.added }).filter(([name]) => !releaseVariables.includes(name));
  return pulumi
    .output({
      repositoryUrl: registry.urlOf(service.image.repository),
      logGroupName: facts.logGroupName,
      processRoleArn: facts.processRoleArn,
      environment: Object.fromEntries(lasting),
    })
    .apply(known =>
      userData({
        ...known,
        serviceName,
        service,
        region: context.region,
        parameterPath: parameters.pathOf(serviceName),
        secretNames: parameters.namesFor(serviceName),
        releaseVariables,
        metricDimensions: facts.metricDimensions,
        ipv6: facts.ipv6,
      }),
    );
}

/** @throws Error if a part adds a container or a file system: a machine runs its units and keeps nothing (CP-1). */
export function machineParts(all: readonly ServiceParts[]): Required<ServiceParts> {
  const parts = combineParts(all);
  for (const kind of ["sidecars", "volumes", "mounts"] as const)
    if (parts[kind].length > 0)
      throw new Error(`\`parts\` have ${parts[kind].length} \`${kind}\`; allowed for a machine is none`);
  return parts;
}
