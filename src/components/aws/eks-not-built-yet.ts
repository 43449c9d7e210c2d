// AWS components: what the workload model can say and EKS does not make, besides what AWS does not make anywhere. Refused by name, never left out silently.
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../../workload/workload";
import { unbuiltInCluster } from "../kubernetes/kubernetes-not-built-yet";
import { withoutManaged } from "./eks-home";
import { podServices } from "./eks-node-size";
import { type Unbuilt, writeUnbuilt } from "./unbuilt";

/** What a stack supplies, by workload and variable. */
export type Supplied = Record<string, Record<string, unknown> | undefined>;

/**
 * Call it before anything is registered.
 * @throws RunError with every part of every specification that would be left out, and every secret without a value.
 */
export function requireBuiltOnEks(workloads: readonly Workload[], supplied: Supplied): void {
  const missing = workloads.flatMap(workload =>
    unbuiltOnEks(workload, supplied[workload.name] ?? {}).map(part => ({
      ...part,
      path: `${workload.name}.${part.path}`,
    })),
  );
  if (missing.length === 0) return;
  const count = missing.length === 1 ? "1 part" : `${missing.length} parts`;
  throw new pulumi.RunError(
    [
      `Nothing was registered: SaaS on AWS with \`compute: eks\` does not make ${count} of what the workloads ask for.`,
      ...missing.map(writeUnbuilt),
      "Next: change the specification or the stack, or take `compute: fargate`, then: npx palisade config check",
    ].join("\n"),
  );
}

/** What would be left out of one workload; nothing of one that has no pods. */
export function unbuiltOnEks(workload: Workload, supplied: Record<string, unknown>): Unbuilt[] {
  const pods = podServices(workload);
  if (pods.length === 0) return [];
  return [
    ...unbuiltInCluster({ workload: withoutManaged(workload) }),
    ...(workload.tenancy
      ? [{ path: "tenancy", found: "tenants, whose records need a log router beside each task", allowed: fargate }]
      : []),
    ...pods.flatMap(([name, service]) =>
      service.logs.flatMap((log, i): Unbuilt[] =>
        log.fields
          ? [
              {
                path: `services.${name}.logs.${i}.fields`,
                found: "a log of declared fields, which needs a log router beside each task",
                allowed: `${fargate}, or a log without \`fields\``,
              },
            ]
          : [],
      ),
    ),
    ...withoutValue(workload, supplied),
  ];
}

const fargate = "`compute: fargate`";

/** A pod takes a secret from the cluster, so its value has to be there before the pod; a task asks Secrets Manager itself. */
function withoutValue(workload: Workload, supplied: Record<string, unknown>): Unbuilt[] {
  return Object.entries(withoutManaged(workload).secrets)
    .filter(([variable, { source }]) => source === "supplied" && supplied[variable] === undefined)
    .map(([variable]) => ({
      path: `secrets.${variable}`,
      found: "no value",
      allowed: `one: pulumi config set --secret --path 'palisade:secrets.${workload.name}.${variable}'`,
    }));
}
