// Cluster tests: one stack for carrying in: what the vendor writes of it, and what whoever installs says of the place (PF-3).
import { stringify } from "yaml";
import { type ClusterRoom, type StackValues, stackValues, suppliedSecrets } from "./local-stack";
import { provableValues } from "./running-system";

type Known = Pick<ClusterRoom, "cluster" | "digests" | "peers">;

/** What the vendor does not know: only the place has it. */
const ofThePlace = ["cluster", "edge", "siem"] as const;

/** As the vendor writes it, with examples for all that belongs to the place. */
export function shippedValues(room: Known): StackValues {
  const { siem: _, ...rest } = provableValues(stackValues(room));
  return {
    ...rest,
    delivery: "bundle",
    cluster: {
      registry: "registry.example.com",
      storageClasses: { replica: "block", replicas: "shared" },
      ranges: { pods: ["10.42.0.0/16"], services: ["10.43.0.0/16"], nodes: ["10.40.0.0/24"] },
      apiServer: { ranges: ["10.40.0.0/28"] },
    },
    edge: { domain: "apps.vendor.example" },
  };
}

/** Text of the values file. */
export function placeValues(room: Known): string {
  const values = provableValues(stackValues(room));
  const { kubeconfig: _, registry: __, ...cluster } = values.cluster as Record<string, unknown>;
  return stringify({ ...Object.fromEntries(ofThePlace.map(key => [key, values[key]])), cluster });
}

/** Text of the secrets file: those that somebody has to supply. */
export function placeSecrets(workloads: readonly string[] = Object.keys(suppliedSecrets)): string {
  return stringify(Object.fromEntries(Object.entries(suppliedSecrets).filter(([name]) => workloads.includes(name))));
}

/** The stack with one system alone. */
export function onlyOf(values: StackValues, workload: string): StackValues {
  const { [workload]: kept } = values.workloads as Record<string, unknown>;
  return { ...values, workloads: { [workload]: kept } };
}
