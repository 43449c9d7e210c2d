// Installer: which objects are ours, and how each is called. Pure.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { at, type JsonObject } from "../../kubernetes/json";
import type { Place } from "../../kubernetes/objects";
import { isSecret } from "../../kubernetes/secret";

/** Set on a namespace by who made it, in the same request: what was there before is left when all else goes. */
export const madeByInstaller = "palisade.dev/made-by-installer";

/** Label of the installer's own records. */
export const recordLabel = "palisade.dev/record";

/** Enough of an object to find it again. */
export interface Identity {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

export function identityOf({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): Identity {
  return { apiVersion, kind, ...(namespace !== undefined && { namespace }), name };
}

/** The group and not its version: an object stays the same one when its API moves from v1beta1 to v1. */
export function keyOf({ apiVersion, kind, namespace, name }: Identity): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return [group, kind, namespace ?? "", name].join("/");
}

/** An object as the API client takes it: what is undefined is left out. */
export function asJson(object: KubernetesObject): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}

/** @throws Error if a Secret is among them: values of Secrets are made in the cluster and never recorded (PF-7). */
export function requireNoSecrets(objects: readonly KubernetesObject[]): void {
  const found = objects.find(object => isSecret(asJson(object)));
  if (found) throw new Error(`Secret ${found.metadata.name} is among the objects of a release`);
}

export const isLeaving = (live: JsonObject): boolean => at(live, "metadata", "deletionTimestamp") !== undefined;

export const namespacePlace = (name: string): Place => ({
  apiVersion: "v1",
  kind: "Namespace",
  namespace: "",
  name,
  path: `/api/v1/namespaces/${encodeURIComponent(name)}`,
});
