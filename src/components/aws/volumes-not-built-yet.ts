// AWS components: what a specification can say about volumes and log files and SaaS on AWS does not make yet.
import { placeOf } from "../../workload/log-files";
import type { Workload } from "../../workload/workload";

/** Each part by name, as `requireBuilt` lists it. */
export function unbuiltVolumes(workload: Workload): string[] {
  return [
    ...Object.entries(workload.state.volumes).flatMap(([name, { sharing, mounts }]) => [
      // ECS deletes a task's own storage with the task, the EBS volumes it attaches to services included.
      ...(sharing === "replica" ? [`state.volumes.${name}.sharing: \`replica\`; made is \`replicas\``] : []),
      ...mounts.flatMap(({ service }, i) => {
        const { machine, resources } = workload.services[service] ?? {};
        const where = machine ? "a machine" : resources?.gpus ? "a service with `gpus`" : undefined;
        return where ? [`state.volumes.${name}.mounts.${i}: on ${where}; made are those of tasks on Fargate`] : [];
      }),
    ]),
    ...Object.entries(workload.services).flatMap(([name, { logs, machine }]) =>
      logs.flatMap(({ file }, i) => {
        if (file === undefined) return [];
        const at = `services.${name}.logs.${i}.file`;
        if (machine) return [`${at}: on a machine; made are those on a volume`];
        const place = placeOf(workload, name, file);
        return place && "tmpfs" in place ? [`${at}: on a tmpfs; made are those on a volume`] : [];
      }),
    ),
  ];
}
