// Cluster tests: everything that lasts in a cluster, by kind and name: what an installation has left behind is what was not there before.
import { type LiveObject, liveObjects } from "./live-objects";
import type { ClusterRoom } from "./local-stack";

/** Kinds that come and go by themselves. */
const passing = /^(events|componentstatuses|leases\.coordination|endpointslices|endpoints|pods|nodes|.*\.metrics\.k8s)/;

export async function everythingLasting({ kubectl }: Pick<ClusterRoom, "kubectl">): Promise<string[]> {
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args[0]}: ${stderr}`);
    return stdout.trim().split("\n");
  };
  const kinds = (await ask("api-resources", "--verbs", "list", "--output", "name")).filter(kind => !passing.test(kind));
  const columns = "custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name";
  const found = await ask("get", kinds.join(","), "--all-namespaces", "--output", columns, "--no-headers");
  return found.map(line => line.replace(/\s+/g, " ").trim()).sort();
}

/** Of what controllers and chance decide: not the same in two installations of one release. */
const chance = new Set(["clusterIP", "clusterIPs", "nodePort", "volumeName", "caBundle"]);
/** Annotations that count, or that follow from values made by chance. */
const counted =
  /^(deployment\.kubernetes\.io|pv\.kubernetes\.io|volume\.|kubectl\.|palisade\.dev\/(secrets|restarts)$)/;

/** Objects of an installation, one a line, without what two installations of one release never share; of Secrets the keys alone. */
export async function installedState(
  room: Pick<ClusterRoom, "kubectl">,
  namespaces: readonly string[],
): Promise<string[]> {
  const kubectl = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await room.kubectl(...args);
    if (code !== 0) throw new Error(`kubectl ${args[0]}: ${stderr}`);
    return stdout;
  };
  const objects = await liveObjects({ kubectl }, namespaces);
  const kinds =
    "clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses";
  const names = await kubectl([
    "get",
    kinds,
    "--selector",
    "app.kubernetes.io/managed-by=palisade",
    "--output",
    "name",
  ]);
  return [...objects.filter(isOfRelease).map(lineOf), ...names.split("\n").filter(Boolean)].sort();
}

/** A pod's own claims and slices come and go, and so does who is at work. */
const isOfRelease = ({ kind, metadata }: LiveObject) =>
  kind !== "Lease" && !(kind === "ConfigMap" && metadata.name === "palisade-journal");

function lineOf(object: LiveObject): string {
  const { kind, metadata } = object;
  const isRecord = metadata.labels?.["palisade.dev/record"] === "release";
  const what = kind === "Secret" ? Object.keys(object.data ?? {}).sort() : isRecord ? "a record" : without(object);
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name} ${JSON.stringify(what)}`;
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !chance.has(key) && !counted.test(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, without(inner)]),
  );
}
