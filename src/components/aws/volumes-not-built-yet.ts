// AWS components: what a specification can say about volumes and log files and SaaS on AWS does not make yet. Pure.
import { placeOf } from "../../workload/log-files";
import type { Workload } from "../../workload/workload";
import type { Unbuilt } from "./unbuilt";

/** Each part by name, as `requireBuilt` lists it. */
export function unbuiltVolumes(workload: Workload): Unbuilt[] {
  return [...ownOfReplicas(workload), ...filesInMemory(workload)];
}

/** ECS deletes a task's own storage with the task, the EBS volumes it attaches to services included. */
function ownOfReplicas({ state }: Workload): Unbuilt[] {
  return Object.entries(state.volumes)
    .filter(([, { sharing }]) => sharing === "replica")
    .map(([name]) => ({ path: `state.volumes.${name}.sharing`, found: "`replica`", allowed: "`replicas`" }));
}

function filesInMemory(workload: Workload): Unbuilt[] {
  return Object.entries(workload.services).flatMap(([name, { logs }]) =>
    logs.flatMap(({ file }, i) => {
      const place = file === undefined ? undefined : placeOf(workload, name, file);
      if (!place || !("tmpfs" in place)) return [];
      const path = `services.${name}.logs.${i}.file`;
      return [{ path, found: `a path on the tmpfs \`${place.tmpfs}\``, allowed: "a path on a volume" }];
    }),
  );
}
