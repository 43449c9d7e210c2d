// Config: rules of overrides for machines: how many, and how large, held against the specification (CP-1).
import { machineMemoryMiB } from "../workload/machine-faults";
import type { Facts, Finding, Rule } from "./rule";

function machines({ sound, catalog }: Facts) {
  return Object.entries(sound.workloads ?? {}).flatMap(([workload, overrides]) =>
    Object.entries(overrides?.services ?? {}).flatMap(([name, override]) => {
      const specification = catalog.get(workload)?.services[name];
      return specification?.machine && override
        ? [{ path: ["workloads", workload, "services", name], specification, override }]
        : [];
    }),
  );
}

export const machineRules: readonly Rule[] = [
  {
    id: "machine-replicas",
    control: "CP-1",
    check: facts =>
      machines(facts).flatMap(({ path, specification: { scaling }, override }): Finding[] => {
        const min = override.minReplicas ?? scaling.minReplicas;
        const max = override.maxReplicas ?? scaling.maxReplicas;
        // The other way round is a fault of every service.
        if (min >= max) return [];
        const allowed = "`minReplicas` and `maxReplicas` the same: a machine does not scale";
        return [{ at: path, found: `${min} to ${max} replicas`, allowed }];
      }),
  },
  {
    id: "machine-memory",
    mode: "saas",
    control: "CP-1",
    check: facts =>
      machines(facts).flatMap(({ path, override: { memoryMiB } }): Finding[] =>
        memoryMiB !== undefined && memoryMiB < machineMemoryMiB
          ? [
              {
                at: [...path, "memoryMiB"],
                found: `${memoryMiB}`,
                allowed: `at least ${machineMemoryMiB}: the machine's operating system needs room too`,
              },
            ]
          : [],
      ),
  },
];
