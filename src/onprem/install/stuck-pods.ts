// Installer: pods of a StatefulSet that never started and are of another template than it has now. Kubernetes keeps such a pod whatever
// the template says by then, so that neither the way back nor a mended release would ever come through (RT-9, RT-12, SA-10).
import { podsBehind } from "../../kubernetes/await/diagnosis";
import { deleteByUid } from "../../kubernetes/delete";
import { pathOf } from "../../kubernetes/discovery";
import { ApiError } from "../../kubernetes/errors";
import { isObject, type JsonObject, listAt, objectAt, textAt } from "../../kubernetes/json";
import type { Cluster, Place } from "../../kubernetes/objects";

/** A container that waits for these has been let start. */
const underWay = ["ContainerCreating", "PodInitializing"];

/**
 * Deletes them, so that they are made anew by the template; their volumes stay. Does nothing for other kinds, nor before
 * Kubernetes has seen the template.
 * @param live the StatefulSet
 * @returns names of the pods that went
 */
export async function removeStuckPods(cluster: Cluster, place: Place, live: JsonObject): Promise<string[]> {
  if (place.kind !== "StatefulSet") return [];
  const pods = await podsBehind(cluster, place, live);
  const gone: string[] = [];
  for (const pod of pods.filter(each => isStuck(live, each))) {
    const name = textAt(pod, "metadata", "name");
    const path = pathOf({ apiVersion: "v1", kind: "" }, { plural: "pods", namespaced: true }, place.namespace, name);
    try {
      await deleteByUid(cluster, path, textAt(pod, "metadata", "uid"));
      gone.push(name);
    } catch (error) {
      // Gone by itself, another one by now, or not granted: then the wait ends with what holds it.
      if (!(error instanceof ApiError && [403, 404, 409].includes(error.status))) throw error;
    }
  }
  return gone;
}

/** Pure. */
export function isStuck(set: JsonObject, pod: JsonObject): boolean {
  const generation = Number(objectAt(set, "metadata").generation);
  const wanted = textAt(set, "status", "updateRevision");
  const revision = textAt(pod, "metadata", "labels", "controller-revision-hash");
  if (!(Number(objectAt(set, "status").observedGeneration) >= generation)) return false;
  if (wanted === "" || revision === "" || wanted === revision) return false;
  const owners = listAt(pod, "metadata", "ownerReferences").filter(isObject);
  if (!owners.some(owner => textAt(owner, "uid") === textAt(set, "metadata", "uid"))) return false;
  if (textAt(pod, "metadata", "deletionTimestamp") !== "") return false;
  const conditions = listAt(pod, "status", "conditions").filter(isObject);
  if (conditions.some(each => textAt(each, "type") === "Ready" && textAt(each, "status") === "True")) return false;
  const isUnscheduled = conditions.some(
    each => textAt(each, "type") === "PodScheduled" && textAt(each, "reason") === "Unschedulable",
  );
  const containers = ["initContainerStatuses", "containerStatuses"].flatMap(of => listAt(pod, "status", of));
  const waits = containers.filter(isObject).map(each => textAt(each, "state", "waiting", "reason"));
  return isUnscheduled || waits.some(reason => reason !== "" && !underWay.includes(reason));
}
