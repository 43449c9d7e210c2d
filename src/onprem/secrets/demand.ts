// Secrets on the spot: which values somebody has to supply, and by which names (SA-8). Pure.
import { platformWorkload } from "../../components/kubernetes/cluster-foundation-home";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";

/** What Secrets are made from; a release rendered for a place has all of it. */
export interface SecretsWanted {
  platformNamespace: string;
  secrets: readonly SecretPlan[];
  /** Values of supplied keys that the configuration holds, none of them secret: by namespace, then by variable. */
  given: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A value to be supplied. */
export interface Demand {
  /** Name of the workload; `palisade` for what the platform shares. */
  workload: string;
  namespace: string;
  variable: string;
  description: string;
}

/** The workload whose Secret it is, by its label. */
export function workloadOf({ labels }: Pick<SecretPlan, "labels">): string {
  return labels["app.kubernetes.io/part-of"] ?? platformWorkload;
}

/** Each once, in the order of the plans; without what the configuration gives. */
export function demandsOf({ secrets, given }: SecretsWanted): Demand[] {
  const all = secrets.flatMap(plan =>
    Object.values(plan.keys).flatMap((source): Demand[] => {
      if (source.kind !== "supplied" || given[plan.namespace]?.[source.variable] !== undefined) return [];
      const { variable, description } = source;
      return [{ workload: workloadOf(plan), namespace: plan.namespace, variable, description }];
    }),
  );
  return [...new Map(all.map(demand => [keyOf(demand), demand])).values()];
}

/** `router.TELEGRAM_BOT_TOKEN`: so it is called in a file and in a Secret of the customer's store. */
export function keyOf({ workload, variable }: Pick<Demand, "workload" | "variable">): string {
  return `${workload}.${variable}`;
}

export const environmentPrefix = "PALISADE_SECRET_";

/** `PALISADE_SECRET_ROUTER_TELEGRAM_BOT_TOKEN`: so it is called in the environment. */
export function environmentNameOf({ workload, variable }: Pick<Demand, "workload" | "variable">): string {
  return `${environmentPrefix}${workload.toUpperCase().replaceAll("-", "_")}_${variable}`;
}
