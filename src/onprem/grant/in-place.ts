// Grant: whether what an administrator applied fits this release; another release may need another grant (RT-16).
import { describe, type KubernetesObject } from "../../components/kubernetes/object";
import { ApiError } from "../../kubernetes/errors";
import { at, equal, type JsonObject, withAt } from "../../kubernetes/json";
import { asWritten, managedFields } from "../../kubernetes/managed";
import { type Cluster, get, placeOf } from "../../kubernetes/objects";
import { isOurs } from "../secrets/own";
import { accessText, neededAccess } from "./access";
import { refusedOf } from "./ask-access";
import { grantedObjects } from "./grant";
import type { Granting } from "./rules";

/** What keeps a grant from fitting. */
export interface GrantFault {
  /** As `describe` writes an object, or `accessText` a right. */
  what: string;
  why: "missing" | "other" | "not readable" | "not allowed";
  /** A right that somebody else applied: an installer never writes over it, whatever its account may do. */
  isOthers?: boolean;
}

/** Whether what stands there holds all that is wanted of it but its status, whoever applied it. Pure. */
export function holds(live: JsonObject, wanted: JsonObject): boolean {
  const plain = withAt(wanted, ["status"], undefined);
  return equal(asWritten(live, plain, managedFields(live)), plain);
}

/** Faults of what is there; nothing if the account at hand can install this release without applying the grant itself. */
export async function grantFaults(cluster: Cluster, release: Granting): Promise<GrantFault[]> {
  const faults: GrantFault[] = [];
  for (const object of grantedObjects(release.objects)) {
    const fault = await faultOf(cluster, object);
    if (fault) faults.push(fault);
  }
  const refused = await refusedOf(cluster, neededAccess(release));
  return [...faults, ...refused.map(access => ({ what: accessText(access), why: "not allowed" as const }))];
}

async function faultOf(cluster: Cluster, object: KubernetesObject): Promise<GrantFault | undefined> {
  const what = describe(object);
  const wanted = JSON.parse(JSON.stringify(object)) as JsonObject;
  const place = await placeOf(cluster, object, wanted);
  if (!place) return { what, why: "missing" };
  try {
    const live = await get(cluster, place);
    if (!live) return { what, why: "missing" };
    if (holds(live, wanted)) return undefined;
    const isLeaving = at(live, "metadata", "deletionTimestamp") !== undefined;
    return { what, why: "other", isOthers: object.metadata.namespace !== undefined && !isLeaving && !isOurs(live) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return { what, why: "not readable" };
    throw error;
  }
}
