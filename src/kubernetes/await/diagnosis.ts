// Kubernetes: gathers the pods and events behind a workload that is not ready, and what they say.
import { pathOf } from "../discovery";
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "../json";
import type { Cluster, Place } from "../objects";
import { type Finding, ownerFindings, podFindings } from "./findings";

/** Pods looked at; of a hundred failing replicas the first few say it all. */
const MOST_PODS = 5;

/**
 * Why an object is not ready. Never fails: where the cluster refuses to tell, less is said.
 * @param since when the operation began, as the cluster writes times; older events speak of older troubles
 */
export async function diagnose(cluster: Cluster, place: Place, live: JsonObject, since: string): Promise<Finding[]> {
  try {
    const owner = { ...live, apiVersion: place.apiVersion, kind: place.kind };
    const pods = await podsBehind(cluster, place, owner);
    const eventsOfPods = await Promise.all(pods.slice(0, MOST_PODS).map(pod => eventsOf(cluster, place, pod)));
    const ofPods = pods.slice(0, MOST_PODS).flatMap((pod, i) => podFindings(pod, eventsOfPods[i] ?? []));
    if (place.kind === "Pod") return ofPods;
    const ofOwner = ownerFindings(owner, await eventsOf(cluster, place, owner), since);
    return [...ofOwner, ...ofPods];
  } catch {
    return [];
  }
}

/** Pods that it selects; of a Deployment those of its template as it is now. */
export async function podsBehind(cluster: Cluster, place: Place, owner: JsonObject): Promise<JsonObject[]> {
  if (place.kind === "Pod") return [owner];
  if (!["Deployment", "StatefulSet", "DaemonSet", "Job", "Service"].includes(place.kind)) return [];
  const selector =
    place.kind === "Service"
      ? labels(objectAt(owner, "spec", "selector"))
      : selectorText(objectAt(owner, "spec", "selector"));
  if (!selector) return [];
  const pods = await list(cluster, "v1", "pods", place.namespace, { labelSelector: selector });
  if (place.kind !== "Deployment") return pods;
  const newest = await newestReplicaSet(cluster, place, owner, selector);
  const hash = textAt(newest, "metadata", "labels", "pod-template-hash");
  return hash ? pods.filter(pod => textAt(pod, "metadata", "labels", "pod-template-hash") === hash) : pods;
}

/** The replica set of the template as it is now. */
async function newestReplicaSet(cluster: Cluster, place: Place, owner: JsonObject, selector: string) {
  const revision = textAt(owner, "metadata", "annotations", "deployment.kubernetes.io/revision");
  const sets = await list(cluster, "apps/v1", "replicasets", place.namespace, { labelSelector: selector });
  return sets.find(set => textAt(set, "metadata", "annotations", "deployment.kubernetes.io/revision") === revision);
}

function eventsOf(cluster: Cluster, place: Place, object: JsonObject): Promise<JsonObject[]> {
  const fieldSelector = `involvedObject.uid=${textAt(object, "metadata", "uid")}`;
  return list(cluster, "v1", "events", place.namespace, { fieldSelector });
}

/** Objects of a kind in a namespace. */
export async function list(
  cluster: Cluster,
  apiVersion: string,
  plural: string,
  namespace: string,
  query: Readonly<Record<string, string>>,
): Promise<JsonObject[]> {
  const path = pathOf({ apiVersion, kind: "" }, { plural, namespaced: true }, namespace);
  return listAt(await cluster.api.send({ method: "GET", path, query }), "items").filter(isObject);
}

function selectorText(selector: JsonObject): string {
  const expressions = listAt(selector, "matchExpressions").map(expression => {
    const key = textAt(expression, "key");
    const operator = textAt(expression, "operator");
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "In" ? "in" : "notin"} (${listAt(expression, "values").join(",")})`;
  });
  return [labels(objectAt(selector, "matchLabels")), ...expressions].filter(Boolean).join(",");
}

function labels(of: Readonly<Record<string, Json>>): string {
  return Object.entries(of)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
}
