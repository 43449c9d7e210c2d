// Secrets on the spot: supplied values, from wherever the operator gives them. No error shows a value (SA-8).
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { objectAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { type Demand, environmentNameOf, environmentPrefix, keyOf } from "./demand";
import { secretPlace } from "./place";
import { readSecretsFile } from "./secrets-file";

/** Where values may come from; any of them, or none. */
export interface SuppliedFrom {
  /** `--secrets FILE`: path of a file of mode 0600. */
  file?: string;
  /** `--secrets-from NAMESPACE/NAME`: a Secret with keys such as `router.TELEGRAM_BOT_TOKEN`; other keys are left alone. */
  store?: string;
  /** The installer's own; of it, variables such as `PALISADE_SECRET_ROUTER_TELEGRAM_BOT_TOKEN`. */
  environment: Readonly<Record<string, string | undefined>>;
}

interface Given {
  /** As the operator calls it. */
  from: string;
  values: ReadonlyMap<string, string>;
}

/**
 * @returns values by `workload.VARIABLE`
 * @throws Failure naming every value that nothing asks for, that is empty, or that two places give differently
 */
export async function suppliedValues(
  cluster: Cluster,
  demands: readonly Demand[],
  from: SuppliedFrom,
): Promise<ReadonlyMap<string, string>> {
  const given: Given[] = [];
  if (from.file !== undefined) given.push({ from: from.file, values: await readSecretsFile(from.file) });
  given.push(ofEnvironment(demands, from.environment));
  if (from.store !== undefined)
    given.push({ from: `Secret ${from.store}`, values: await ofStore(cluster, demands, from.store) });
  return merged(demands, given);
}

function ofEnvironment(demands: readonly Demand[], environment: SuppliedFrom["environment"]): Given {
  const byName = new Map(demands.map(demand => [environmentNameOf(demand), keyOf(demand)]));
  const values = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    name.startsWith(environmentPrefix) && value !== undefined ? [[byName.get(name) ?? name, value]] : [],
  );
  return { from: "the environment", values: new Map(values) };
}

/** @param text `NAMESPACE/NAME` @throws Failure saying what is allowed. Pure. */
export function storeOf(text: string): { namespace: string; name: string } {
  const [, namespace = "", name = ""] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  if (namespace) return { namespace, name };
  throw new Failure("the Secret of the store is not named as it should be", "Allowed: --secrets-from NAMESPACE/NAME");
}

/** The store is the customer's: it may hold what is not for us. */
async function ofStore(cluster: Cluster, demands: readonly Demand[], store: string): Promise<Map<string, string>> {
  const { namespace, name } = storeOf(store);
  const live = await get(cluster, secretPlace(namespace, name)).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    throw new Failure(
      `this account may not read Secret ${store}`,
      `An administrator grants it with: palisade plan BUNDLE --grant --secrets-from ${store} | kubectl apply -f -`,
    );
  });
  if (!live) throw new Failure(`there is no Secret ${store}`, `See: kubectl get secret ${name} -n ${namespace}`);
  const data = objectAt(live, "data");
  return new Map(
    demands.flatMap((demand): [string, string][] => {
      const value = Object.hasOwn(data, keyOf(demand)) ? data[keyOf(demand)] : undefined;
      return typeof value === "string" ? [[keyOf(demand), Buffer.from(value, "base64").toString("utf8")]] : [];
    }),
  );
}

/** Pure. */
export function merged(demands: readonly Demand[], given: readonly Given[]): Map<string, string> {
  const known = new Set(demands.map(keyOf));
  const faults: string[] = [];
  const values = new Map<string, { value: string; from: string }>();
  for (const { from, values: own } of given)
    for (const [key, value] of own) {
      const before = values.get(key);
      if (!known.has(key)) faults.push(`${key} of ${from}: nothing asks for it`);
      else if (value === "") faults.push(`${key} of ${from}: is empty`);
      else if (before && before.value !== value)
        faults.push(`${key}: ${before.from} and ${from} give different values`);
      else values.set(key, before ?? { value, from });
    }
  if (faults.length > 0) {
    const names = demands.map(demand => `${keyOf(demand)} (${environmentNameOf(demand)})`).join(", ") || "none";
    throw new Failure(
      `supplied secrets are not as they should be:\n${faults.map(f => `  ${f}`).join("\n")}`,
      `Allowed: ${names}`,
    );
  }
  return new Map([...values].map(([key, { value }]) => [key, value]));
}

/**
 * @param lacking demands for which nothing is supplied and nothing is in the cluster
 * @throws Failure with all of them, and the ways to give them
 */
export function requireNone(lacking: readonly Demand[]): void {
  if (lacking.length === 0) return;
  const lines = lacking.map(demand => `  ${keyOf(demand)}: ${demand.description}`);
  const count = lacking.length === 1 ? "1 secret is" : `${lacking.length} secrets are`;
  throw new Failure(
    [`${count} missing, without which pods do not start:`, ...lines].join("\n"),
    `${waysToSupply(lacking)}\nThen type the same command again.`,
  );
}

/** The first one serves as the example. Pure. */
export function waysToSupply([first]: readonly Pick<Demand, "workload" | "variable">[]): string {
  const { workload = "", variable = "" } = first ?? {};
  return [
    "Give them in one of these ways:",
    `  --secrets FILE, of mode 0600, with lines such as:  ${workload}: { ${variable}: "…" }`,
    `  the environment:  ${environmentNameOf({ workload, variable })}`,
    `  --secrets-from NAMESPACE/NAME, a Secret with keys such as ${keyOf({ workload, variable })}`,
  ].join("\n");
}
