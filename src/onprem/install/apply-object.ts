// Installer: one object by server-side apply. What was there before us is refused, what others have set on ours is reported and set back (RT-13).
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../toolchain/failure";
import type { KubernetesObject } from "../../components/kubernetes/object";
import { job } from "../../kubernetes/await/verdict";
import { askToDelete, type Propagation, waitUntilGone } from "../../kubernetes/delete";
import { ApiError } from "../../kubernetes/errors";
import {
  annotation,
  at,
  equal,
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  textAt,
  withAt,
} from "../../kubernetes/json";
import {
  apply,
  type Cluster,
  claims,
  conflictText,
  get,
  kubectl,
  type Place,
  placeOf,
  titleOf,
} from "../../kubernetes/objects";
import { isOurs, manager } from "../secrets/own";
import { neverSmaller } from "./grow-claims";
import { asJson, isLeaving, madeByInstaller } from "./identity";
import type { Work } from "./parts";

export interface Applied {
  place: Place;
  /** What the server made of it. */
  live: JsonObject;
  /** As it was; none where it was made now. */
  before?: JsonObject;
  changed: boolean;
}

/** Seconds that an object on its way out is waited for before its successor is made. */
const leavingSeconds = 300;

/** Kinds with fields that never change and nothing in them to be lost: they are made anew where one does. */
const replaceable: Readonly<Record<string, Propagation>> = {
  Job: "Background",
  RoleBinding: "Background",
  ClusterRoleBinding: "Background",
  ConfigMap: "Background",
  PriorityClass: "Background",
  Deployment: "Foreground",
  DaemonSet: "Foreground",
  // Its pods and volumes stay, and belong to the next one.
  StatefulSet: "Orphan",
};

const immutable =
  /immutable|may not be (changed|updated)|may not change|can ?not (be )?(changed?|updated?|modif)|updates to .* (are|is) forbidden|not updatable/i;

/**
 * @throws Failure naming an object that belongs to somebody else, or a field that nobody can change
 */
export async function applyObject(cluster: Cluster, object: KubernetesObject, work: Work): Promise<Applied> {
  const place = await placeFor(cluster, object);
  const before = await standing(cluster, place, work);
  if (before && place.namespace && !isOurs(before)) throw foreign(place);
  const wanted = neverSmaller(withNumber(withOrigin(asJson(object), before), before), before, work);
  const live =
    before && hasFailed(place, before)
      ? await replaced(cluster, place, wanted, "it has failed, and would never run again", work)
      : await applied(cluster, place, wanted, work);
  if (place.kind === "CustomResourceDefinition") cluster.discovery.forget();
  const changed = !before || !equal(lasting(before), lasting(live));
  return { place, live, before, changed };
}

/** An object without what controllers write of their own accord, at any moment. */
function lasting(live: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = live;
  const {
    resourceVersion: __,
    managedFields: ___,
    finalizers: ____,
    annotations,
    ...own
  } = isObject(metadata) ? metadata : {};
  const kept = Object.entries(isObject(annotations) ? annotations : {}).filter(
    ([key]) => !/kubernetes\.io\//.test(key),
  );
  return { ...rest, metadata: { ...own, annotations: Object.fromEntries(kept) } };
}

/** @throws Failure if the cluster does not know the kind */
export async function placeFor(cluster: Cluster, object: KubernetesObject): Promise<Place> {
  const { apiVersion, kind } = object;
  const place = await placeOf(cluster, { apiVersion, kind }, asJson(object));
  if (place) return place;
  throw new Failure(
    `the cluster does not serve ${apiVersion} ${kind}, which ${object.metadata.name} is`,
    "Its definition belongs to an add-on that is not there, or to another version of Kubernetes. See: kubectl api-resources",
  );
}

/** The object as it stands; one on its way out is waited for. */
async function standing(
  cluster: Cluster,
  place: Place,
  { progress, cancelled }: Work,
): Promise<JsonObject | undefined> {
  const live = await get(cluster, place);
  if (!live || !isLeaving(live)) return live;
  const uid = textAt(live, "metadata", "uid");
  const told = (text: string) => progress(`${titleOf(place)}: ${text}`);
  await waitUntilGone({ cluster, place, uid, timeoutS: leavingSeconds, progress: told, cancelled });
  return get(cluster, place);
}

function foreign(place: Place): Failure {
  return new Failure(
    `${titleOf(place)} is there already, and this installer did not make it; it is left as it is`,
    `If nobody needs it: ${kubectl("delete", place)}`,
  );
}

/** A namespace says whether we made it; that must be said each time, or the server takes it away. */
function withOrigin(wanted: JsonObject, before: JsonObject | undefined): JsonObject {
  if (wanted.kind !== "Namespace" || (before && annotation(before, madeByInstaller) !== "true")) return wanted;
  return withAt(wanted, ["metadata", "annotations", madeByInstaller], "true");
}

/**
 * A number that the release leaves to an autoscaler, and that we set before: no longer sent, it would fall to 1 until the
 * autoscaler has looked once. It is sent as it is, until the autoscaler has made it its own.
 */
function withNumber(wanted: JsonObject, before: JsonObject | undefined): JsonObject {
  const number = numberAt(before, "spec", "replicas");
  const isLeft = number !== undefined && at(wanted, "spec", "replicas") === undefined;
  const isOwn = listAt(before, "metadata", "managedFields").some(
    entry =>
      textAt(entry, "manager") === manager &&
      textAt(entry, "operation") === "Apply" &&
      at(entry, "fieldsV1", "f:spec", "f:replicas") !== undefined,
  );
  return isLeft && isOwn ? withAt(wanted, ["spec", "replicas"], number) : wanted;
}

/** Applied unchanged, a job that has failed stays as it is, and every later run would fail by it. */
const hasFailed = ({ kind, apiVersion }: Place, live: JsonObject): boolean =>
  kind === "Job" && apiVersion.startsWith("batch/") && job(live).state === "failed";

async function applied(cluster: Cluster, place: Place, wanted: JsonObject, work: Work): Promise<JsonObject> {
  try {
    return await apply(cluster, place, wanted, { manager, dryRun: false, force: false });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isConflict) return takenBack(cluster, place, wanted, error, work);
    if (error.status !== 422 || !error.causes.some(cause => immutable.test(cause.message))) throw error;
    const fields = error.causes.map(({ field }) => field).join(", ");
    if (replaceable[place.kind]) return replaced(cluster, place, wanted, `${fields} can never change`, work);
    throw new Failure(
      `${titleOf(place)}: ${fields} can never change, and the release changes it`,
      `Nothing in it is given up without being asked. If it may go with all it holds: ${kubectl("delete", place)}`,
    );
  }
}

async function takenBack(cluster: Cluster, place: Place, wanted: JsonObject, conflict: ApiError, work: Work) {
  const found = claims(conflict);
  const live = await get(cluster, place);
  if (live && !isOurs(live))
    throw new Failure(
      conflictText(place, "the release", found, ""),
      "It is not this installer's to change: whoever owns it must give the fields up, or the release must leave them out.",
    );
  for (const { field, manager: owner } of found)
    work.say(`${titleOf(place)}: set back ${field}, which \`${owner}\` had set`);
  return apply(cluster, place, wanted, { manager, dryRun: false, force: true });
}

/** @param why in words that go on from "as" */
async function replaced(cluster: Cluster, place: Place, wanted: JsonObject, why: string, work: Work) {
  work.say(`${titleOf(place)}: made anew, as ${why}`);
  const uid = await askToDelete(cluster, place, replaceable[place.kind] ?? "Background");
  const progress = (text: string) => work.progress(`${titleOf(place)}: ${text}`);
  if (uid) await waitUntilGone({ cluster, place, uid, timeoutS: leavingSeconds, progress, cancelled: work.cancelled });
  for (let attempt = 1; ; attempt++)
    try {
      return await apply(cluster, place, wanted, { manager, dryRun: false, force: true });
    } catch (error) {
      // The server may still see what has just gone.
      if (attempt >= 5 || !(error instanceof ApiError && [409, 422].includes(error.status))) throw error;
      await sleep(200 * attempt);
    }
}
