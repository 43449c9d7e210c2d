// Installer: what an administrator may have granted: applied where that is allowed, else held against the release (SA-13, RT-16).
import { Failure } from "../../../toolchain/failure";
import { describe, type KubernetesObject } from "../../components/kubernetes/object";
import { ApiError } from "../../kubernetes/errors";
import { type Cluster, get, type Place } from "../../kubernetes/objects";
import { holds } from "../grant/in-place";
import { isOurs } from "../secrets/own";
import { applyObject, placeFor } from "./apply-object";
import { asJson, isLeaving } from "./identity";
import type { Work } from "./parts";

export interface Granted {
  /** What prints the grant, for whoever may apply it. */
  command: string;
  /** On a way back: what a later grant has in another form is kept, since no grant can be asked for there and then. */
  isBack?: boolean;
}

/**
 * What is granted already, by whomever, is left as it is: an installer need not hold the rights that a release hands out.
 * @param objects those of which `belongsToGrant` says so; none that lies in a namespace before that namespace
 * @returns how many were changed
 * @throws Failure naming every object that an administrator has to apply
 */
export async function ensureGranted(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  { command, isBack = false }: Granted,
  work: Work,
): Promise<number> {
  const missing: string[] = [];
  let changed = 0;
  for (const object of objects) {
    work.cancelled.throwIfAborted();
    const outcome = await ensureOne(cluster, object, await placeFor(cluster, object), work);
    if (outcome === "changed") changed++;
    if (outcome === "other" && isBack)
      work.say(`${describe(object)} stays as it was granted for another release; an administrator can set it back`);
    else if (outcome === "other" || outcome === "missing") missing.push(describe(object));
  }
  if (missing.length === 0) return changed;
  throw new Failure(
    `what belongs to the whole cluster, or hands out rights, is not there as this release needs it, and not this account's to make: ${missing.join(", ")}`,
    `An administrator applies it once: ${command}\nThen type the same command again.`,
  );
}

type Outcome = "changed" | "as it should be" | "other" | "missing";

async function ensureOne(cluster: Cluster, object: KubernetesObject, place: Place, work: Work): Promise<Outcome> {
  const wanted = asJson(object);
  const before = await get(cluster, place).catch(unlessForbidden);
  if (before && !isOurs(before) && !isLeaving(before)) {
    if (holds(before, wanted)) return "as it should be";
    // A right of somebody else's is never overwritten.
    if (place.namespace) return "other";
  }
  try {
    return (await applyObject(cluster, object, work)).changed ? "changed" : "as it should be";
  } catch (error) {
    unlessForbidden(error);
    if (!before) return "missing";
    return holds(before, wanted) ? "as it should be" : "other";
  }
}

/** What takes away all that an administrator granted, as text for one. */
export function takeGrantAway(command: string): string {
  const [print = command] = command.split(" | ");
  return `${print} > grant.yaml, then: kubectl delete -f grant.yaml`;
}

function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 403)) throw error;
  return undefined;
}
