// AWS components: what the workload model can say and SaaS on AWS does not make. Refused by name, never left out silently.
import * as pulumi from "@pulumi/pulumi";
import type { Service, Workload } from "../../workload/workload";
import { gpuFaults, gpuVolumeFaults } from "./gpu-size";
import { besideProcess, taskResources, taskSizeFaults } from "./task-size";
import { type Unbuilt, writeUnbuilt } from "./unbuilt";
import { unbuiltVolumes } from "./volumes-not-built-yet";

/**
 * Call it before anything is registered.
 * @throws RunError with every part of every specification that would be left out, in one message.
 */
export function requireBuilt(workloads: readonly Workload[]): void {
  const missing = unbuilt(workloads);
  if (missing.length === 0) return;
  const count = missing.length === 1 ? "1 part" : `${missing.length} parts`;
  throw new pulumi.RunError(
    [
      `Nothing was registered: SaaS on AWS does not make ${count} of what the workloads ask for.`,
      ...missing.map(writeUnbuilt),
      "Next: change the specification, or what the stack overrides of it, then: npx palisade config check",
    ].join("\n"),
  );
}

/** What would be left out of all workloads, each path led by its workload's name. */
export function unbuilt(workloads: readonly Workload[]): Unbuilt[] {
  return workloads.flatMap(workload =>
    unbuiltOf(workload).map(part => ({ ...part, path: `${workload.name}.${part.path}` })),
  );
}

function unbuiltOf(workload: Workload): Unbuilt[] {
  return [
    ...unbuiltVolumes(workload),
    ...gpuVolumeFaults(workload),
    ...Object.entries(workload.services).flatMap(([name, service]) => {
      const faults = faultsOf(service);
      return faults.map(part => ({ ...part, path: `services.${name}.${part.path}` }));
    }),
  ];
}

/** Of one service in its home: machine, GPU machine or Fargate. */
function faultsOf(service: Service): Unbuilt[] {
  const { machine, resources } = service;
  if (machine) return unbuiltOnMachine(service);
  if (resources.gpus === 0) return taskSizeFaults(service);
  return gpuFaults({
    ...service,
    resources: { ...resources, ...taskResources([resources, ...besideProcess(service)]) },
  });
}

/** A machine runs its units and nothing beside them: no log router, and nobody who holds them back. */
function unbuiltOnMachine({ scaling, logs }: Service): Unbuilt[] {
  return [
    ...(scaling.backPressure ? [{ path: "scaling.backPressure", found: "one on a `machine`", allowed: "none" }] : []),
    ...logs.flatMap(({ fields }, i) =>
      fields ? [{ path: `logs.${i}.fields`, found: "declared fields on a `machine`", allowed: "none" }] : [],
    ),
  ];
}
