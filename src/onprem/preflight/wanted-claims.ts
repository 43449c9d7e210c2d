// Preflight: the volume claims that a release wants, and which of those that stand are them. Pure.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { type JsonObject, listAt, nameOf, textAt } from "../../kubernetes/json";

export interface WantedClaim {
  namespace: string;
  /** Name of the StatefulSet, or of the claim itself where nobody makes it. */
  owner: string;
  /** As it is written, such as `20Gi`; empty where nothing is. */
  size: string;
  /** Empty for the cluster's default. */
  storageClass: string;
  /** Whether a claim of this name is one: a StatefulSet makes as many as it has replicas. */
  isName: (name: string) => boolean;
}

/** Those that the objects declare, and those that their StatefulSets make: `data-postgres-0` is the claim `data` of the first pod of `postgres`. */
export function wantedClaims(objects: readonly KubernetesObject[]): WantedClaim[] {
  return objects.flatMap(object => {
    const { name: owner, namespace = "" } = object.metadata;
    const json = JSON.parse(JSON.stringify(object)) as JsonObject;
    if (object.kind === "PersistentVolumeClaim")
      return [{ ...spec(json), namespace, owner, isName: (name: string) => name === owner }];
    if (object.kind !== "StatefulSet") return [];
    return listAt(json, "spec", "volumeClaimTemplates").map(template => {
      const prefix = `${textAt(template, "metadata", "name")}-${owner}-`;
      const isName = (name: string) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
      return { ...spec(template), namespace, owner, isName };
    });
  });
}

const spec = (claim: Parameters<typeof textAt>[0]) => ({
  size: sizeOf(claim),
  storageClass: textAt(claim, "spec", "storageClassName"),
});

/** What a claim asks for, as it is written. */
export function sizeOf(claim: Parameters<typeof textAt>[0]): string {
  return textAt(claim, "spec", "resources", "requests", "storage");
}

/** Each claim that stands, with what the release wants of it. */
export function standingClaims(
  wanted: readonly WantedClaim[],
  live: ReadonlyMap<string, readonly JsonObject[]>,
): { wanted: WantedClaim; live: JsonObject; name: string }[] {
  return wanted.flatMap(each =>
    (live.get(each.namespace) ?? [])
      .filter(claim => each.isName(nameOf(claim)))
      .map(claim => ({ wanted: each, live: claim, name: nameOf(claim) })),
  );
}
