// Installer: volume claims grow with the release: a StatefulSet's template is for those that it makes from now on, and changes none that stands (IS-4).
import type { KubernetesObject } from "../../components/kubernetes/object";
import { list } from "../../kubernetes/await/diagnosis";
import { type JsonObject, nameOf, textAt, withAt } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import { quantityOf } from "../preflight/quantity";
import { sizeOf, standingClaims, wantedClaims } from "../preflight/wanted-claims";
import { manager } from "../secrets/own";
import type { Work } from "./parts";

const sizePath = ["spec", "resources", "requests", "storage"];

/** Claims that a StatefulSet has made before. One that is not bound yet cannot be changed, and is left to the next run. */
export async function growClaims(cluster: Cluster, object: KubernetesObject, work: Pick<Work, "say">): Promise<void> {
  const wanted = object.kind === "StatefulSet" ? wantedClaims([object]) : [];
  const [first] = wanted;
  if (!first) return;
  const { namespace } = first;
  const live = new Map([[namespace, await list(cluster, "v1", "persistentvolumeclaims", namespace, {})]]);
  for (const { wanted: each, live: claim, name } of standingClaims(wanted, live)) {
    if (!isSmaller(sizeOf(claim), each.size) || textAt(claim, "status", "phase") !== "Bound") continue;
    await cluster.api.send({
      method: "PATCH",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims/${encodeURIComponent(name)}`,
      query: { fieldManager: manager },
      body: withAt({}, sizePath, each.size),
      contentType: "application/merge-patch+json",
    });
    work.say(`PersistentVolumeClaim ${namespace}/${name}: grows from ${sizeOf(claim)} to ${each.size}`);
  }
}

/** A claim as it can be applied: on a way back it keeps what it has grown to. */
export function neverSmaller(wanted: JsonObject, before: JsonObject | undefined, work: Pick<Work, "say">): JsonObject {
  if (!before || wanted.kind !== "PersistentVolumeClaim" || !isSmaller(sizeOf(wanted), sizeOf(before))) return wanted;
  const name = `${textAt(wanted, "metadata", "namespace")}/${nameOf(wanted)}`;
  work.say(`PersistentVolumeClaim ${name} keeps ${sizeOf(before)}: a claim never shrinks`);
  return withAt(wanted, sizePath, sizeOf(before));
}

function isSmaller(size: string, than: string): boolean {
  const [a, b] = [quantityOf(size), quantityOf(than)];
  return a !== undefined && b !== undefined && a < b;
}
