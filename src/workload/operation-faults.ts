// Workload model: what cannot be right about how one service calls out, scales and holds back. Paths are below the service.
import { platformVariables } from "./platform-variables";
import type { Service } from "./workload";

export interface OperationFault {
  path: (string | number)[];
  message: string;
}

export function operationFaults({ network, environment, resources, scaling }: Service): OperationFault[] {
  const faults: OperationFault[] = [];
  for (const [i, entry] of network.egress.entries())
    if (typeof entry === "object" && typeof environment[entry.variable] === "object")
      faults.push({
        path: ["network", "egress", i, "variable"],
        message: `variable \`${entry.variable}\` is set by the platform; allowed is a literal one, which each stack sets (RT-27)`,
      });
  for (const name of platformVariables({ network, scaling, resources }))
    if (name in environment)
      faults.push({ path: ["environment", name], message: "is set by the platform for such a service" });
  const { ceiling } = resources;
  for (const bound of ["cpuMillicores", "memoryMiB"] as const)
    if (ceiling && ceiling[bound] < resources[bound])
      faults.push({
        path: ["resources", "ceiling", bound],
        message: `is ${ceiling[bound]}; allowed is \`resources.${bound}\`, ${resources[bound]}, or more (RT-6)`,
      });
  if (ceiling && !scaling.targets.some(({ metric }) => metric === "queue-wait" || metric === "latency-p95"))
    faults.push({
      path: ["resources", "ceiling"],
      message: "is reached on a target `queue-wait` or `latency-p95`; `scaling.targets` has neither (RT-6)",
    });
  if (scaling.mode === "active-passive" && scaling.minReplicas < 2)
    faults.push({
      path: ["scaling", "minReplicas"],
      message: `is ${scaling.minReplicas}; allowed is 2 or more: one is active, the others wait (RT-30)`,
    });
  return faults;
}
