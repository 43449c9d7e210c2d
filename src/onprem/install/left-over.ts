// Installer: what one leaves that ended before its first record: a namespace that it made, or a lease in one that was there. Reads only (RT-27).
import { list } from "../../kubernetes/await/diagnosis";
import { ApiError } from "../../kubernetes/errors";
import { annotation, isObject, type JsonObject, listAt, nameOf } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { keySecret } from "../secrets/own";
import { madeByInstaller, namespacePlace } from "./identity";
import { leasePlace } from "./lease-object";

type Kind = [apiVersion: string, plural: string, query: Readonly<Record<string, string>>];

const ours = { labelSelector: "app.kubernetes.io/managed-by=palisade" };
/** Whoever's pods and volumes; and the installer's own records. Any account with a grant may list these. */
const inUse: readonly Kind[] = [
  ["v1", "pods", {}],
  ["v1", "persistentvolumeclaims", {}],
  ["v1", "configmaps", ours],
];
/** What more there is of a release, before a namespace goes as a whole. */
const ofRelease: readonly Kind[] = [
  ...["secrets", "services", "serviceaccounts"].map((plural): Kind => ["v1", plural, ours]),
  ...["deployments", "statefulsets"].map((plural): Kind => ["apps/v1", plural, ours]),
  ["networking.k8s.io/v1", "networkpolicies", ours],
];

/** Whether nothing is in a namespace but what an installer left that ended at its beginning. What cannot be looked at is in use. */
export async function isLeftOver(cluster: Cluster, namespace: string): Promise<boolean> {
  try {
    const live = await get(cluster, namespacePlace(namespace));
    if (!live) return false;
    const isMade = isMadeByInstaller(live);
    if (!isMade && !(await get(cluster, leasePlace(namespace)))) return false;
    for (const [apiVersion, plural, query] of [...inUse, ...(isMade ? ofRelease : [])]) {
      const found = await list(cluster, apiVersion, plural, namespace, query);
      // The installer's key is there before its first record.
      if (found.some(object => plural !== "secrets" || nameOf(object) !== keySecret)) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return false;
    throw error;
  }
}

/** Namespaces that an installer made and left, of all that may be seen; sorted. */
export async function leftOvers(cluster: Cluster): Promise<string[]> {
  const found: string[] = [];
  for (const namespace of await madeNamespaces(cluster))
    if (await isLeftOver(cluster, namespace)) found.push(namespace);
  return found.toSorted();
}

async function madeNamespaces(cluster: Cluster): Promise<string[]> {
  try {
    const all = listAt(await cluster.api.send({ method: "GET", path: "/api/v1/namespaces" }), "items");
    return all.filter(isObject).filter(isMadeByInstaller).map(nameOf);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

const isMadeByInstaller = (live: JsonObject): boolean => annotation(live, madeByInstaller) === "true";
