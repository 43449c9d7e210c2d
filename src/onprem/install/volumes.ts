// Installer: volume claims of a release: those it declares, and those that its StatefulSets make. They hold what cannot be made again.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { list } from "../../kubernetes/await/diagnosis";
import { type JsonObject, nameOf } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import { wantedClaims } from "../preflight/wanted-claims";
import type { Identity } from "./identity";

/** Claims in a namespace that the release made, by itself or through a StatefulSet; whoever else has some there keeps them. */
export async function claimsOf(
  cluster: Cluster,
  namespace: string,
  objects: readonly KubernetesObject[],
): Promise<Identity[]> {
  const found = await list(cluster, "v1", "persistentvolumeclaims", namespace, {});
  const isOurs = claimPredicate(objects.filter(({ metadata }) => metadata.namespace === namespace));
  return found.filter(claim => isOurs(nameOf(claim))).map(claim => claimIdentity(namespace, claim));
}

/** All claims in a namespace, whosever they are: what keeps it from being deleted. */
export async function allClaims(cluster: Cluster, namespace: string): Promise<Identity[]> {
  const found = await list(cluster, "v1", "persistentvolumeclaims", namespace, {});
  return found.map(claim => claimIdentity(namespace, claim));
}

/** Whether the release has a claim of this name. Pure. */
export function claimPredicate(objects: readonly KubernetesObject[]): (name: string) => boolean {
  const wanted = wantedClaims(objects);
  return name => wanted.some(({ isName }) => isName(name));
}

const claimIdentity = (namespace: string, claim: JsonObject): Identity => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  namespace,
  name: nameOf(claim),
});
