// Cluster tests: objects as an API server has them, without what only it adds, and where two of them differ.
import type { ApiServer } from "../toolchain/api-server";

export interface LiveObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** Everything that workloads have in a cluster. */
const KINDS = [
  ...["configmaps", "deployments", "horizontalpodautoscalers", "leases", "limitranges", "networkpolicies"],
  ...["persistentvolumeclaims", "poddisruptionbudgets", "resourcequotas", "rolebindings", "roles", "secrets"],
  ...["securitygrouppolicies", "serviceaccounts", "services", "statefulsets", "jobs", "cronjobs"],
];

/** Objects of the namespaces, and the namespaces themselves. Kinds that are not served are left out. */
export async function liveObjects(
  { kubectl }: Pick<ApiServer, "kubectl">,
  namespaces: readonly string[],
  kinds = KINDS,
): Promise<LiveObject[]> {
  const list = async (...args: string[]) =>
    (JSON.parse(await kubectl(["get", ...args, "--output", "json"])) as { items: LiveObject[] }).items;
  const served = (await kubectl(["api-resources", "--namespaced", "--output", "name"])).split("\n");
  const asked = kinds.filter(kind => served.some(name => name.split(".")[0] === kind)).join(",");
  const lists = await Promise.all(namespaces.map(name => list(asked, "--namespace", name)));
  const own = (await list("namespaces")).filter(({ metadata }) => namespaces.includes(metadata.name));
  return [...own, ...lists.flat()].filter(object => !isOfEveryNamespace(object)).map(plain);
}

/** Kinds and names of all that is in a cluster, but for what is said of it and for what comes and goes by itself. */
export async function everything({ kubectl }: ApiServer): Promise<string[]> {
  const kinds = (await kubectl(["api-resources", "--verbs", "list", "--output", "name"])).split("\n");
  const asked = kinds.filter(kind => !/^(events|componentstatuses|leases\.coordination)/.test(kind)).join(",");
  const names = ["--output", "custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name", "--no-headers"];
  return (await kubectl(["get", asked, "--all-namespaces", ...names])).split("\n").sort();
}

/** What controllers put into each namespace. */
const isOfEveryNamespace = ({ kind, metadata }: LiveObject) =>
  (kind === "ServiceAccount" && metadata.name === "default") ||
  (kind === "ConfigMap" && metadata.name === "kube-root-ca.crt");

/** Annotations of those who write: the engine, kubectl, controllers. */
const ofTheWriter = /^(pulumi|kubectl|deployment)\b/;
const ofTheServer = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers"];

function plain({ status: _, metadata, ...rest }: LiveObject): LiveObject {
  const kept = Object.entries(metadata).filter(([name]) => !ofTheServer.includes(name));
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ofTheWriter.test(name));
  return {
    ...rest,
    metadata: { ...(Object.fromEntries(kept) as LiveObject["metadata"]), annotations: Object.fromEntries(annotations) },
  };
}

/** Kind and name, with its namespace. */
export const identity = ({ kind, metadata: { namespace, name } }: LiveObject) =>
  [kind, namespace ? `${namespace}/${name}` : name].join(" ");

/**
 * Paths of fields in which two values differ. Items of a list that have names go by them; of other lists, each item that
 * only one of them has: ` + ITEM` of `a`, ` - ITEM` of `b`.
 */
export function differences(a: unknown, b: unknown, path = ""): string[] {
  const [left, right] = [fields(a), fields(b)];
  if (left && right)
    return [...new Set([...left.keys(), ...right.keys()])].flatMap(key =>
      differences(left.get(key), right.get(key), `${path}${key}`),
    );
  if (Array.isArray(a) || Array.isArray(b)) {
    const items = (of: unknown) => (Array.isArray(of) ? of : []).map(item => JSON.stringify(item));
    const [ours, theirs] = [items(a), items(b)];
    return [
      ...ours.filter(item => !theirs.includes(item)).map(item => `${path} + ${item}`),
      ...theirs.filter(item => !ours.includes(item)).map(item => `${path} - ${item}`),
    ];
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
}

function fields(value: unknown): Map<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const names = value.map(item => (item as { name?: unknown } | null)?.name);
    if (value.length === 0 || names.some(name => typeof name !== "string")) return undefined;
    return new Map(value.map((item, i) => [`[${names[i]}]`, item]));
  }
  if (typeof value !== "object" || value === null) return undefined;
  return new Map(Object.entries(value).map(([key, item]) => [`.${key}`, item]));
}
