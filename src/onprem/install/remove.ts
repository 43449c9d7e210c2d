// Installer: objects that go: only those that we applied, what was made last first, each waited for until it is gone.
import { askToDelete, type Propagation, waitUntilGone } from "../../kubernetes/delete";
import { ApiError } from "../../kubernetes/errors";
import { annotation, type JsonObject, textAt } from "../../kubernetes/json";
import { type Cluster, get, kubectl, placeOf, titleOf } from "../../kubernetes/objects";
import { belongsToGrant } from "../grant/rules";
import { isOurs } from "../secrets/own";
import { type Identity, keyOf, madeByInstaller } from "./identity";
import type { Work } from "./parts";
import { inOrder } from "./schedule";

/** Kinds that hold what cannot be made again; an upgrade lets none of them go. */
const holding = ["Namespace", "PersistentVolumeClaim"];

/** What recorded releases had and the target has not; without what holds data. Each once. Pure. */
export function dropped(
  recorded: readonly Identity[],
  target: readonly Identity[],
): { gone: Identity[]; kept: Identity[] } {
  const wanted = new Set(target.map(keyOf));
  const old = new Map(recorded.filter(each => !wanted.has(keyOf(each))).map(each => [keyOf(each), each]));
  const all = [...old.values()];
  return {
    gone: all.filter(({ kind }) => !holding.includes(kind)),
    kept: all.filter(({ kind }) => holding.includes(kind)),
  };
}

/** Why an object that was to go stays. */
export interface Left {
  title: string;
  reason: "not ours" | "forbidden";
  /** What deletes it, for whoever may. */
  command: string;
  /** Whether an administrator's grant has it. */
  isGranted: boolean;
}

export interface Removal {
  cluster: Cluster;
  /** Seconds that one object may take to go. */
  timeoutS: number;
  work: Work;
  /** Whether they go whoever applied them: claims are made by the StatefulSet's controller. */
  anyones?: boolean;
}

/**
 * @param waitsFor keys, as `keyOf` makes them, of what has to be gone before each
 * @throws NotReady naming the finalizers of one that does not go
 */
export async function removeAll(
  removal: Removal,
  objects: readonly Identity[],
  waitsFor: ReadonlyMap<string, readonly string[]>,
): Promise<{ removed: number; left: Left[] }> {
  const left: Left[] = [];
  let removed = 0;
  await inOrder(new Map(objects.map(each => [keyOf(each), each])), waitsFor, async identity => {
    removal.work.cancelled.throwIfAborted();
    const outcome = await removeOne(removal, identity);
    if (outcome === "removed") removal.work.progress(`${++removed} of ${objects.length} objects`);
    else if (outcome) left.push(outcome);
  });
  return { removed, left };
}

/** Undefined where there was nothing. */
async function removeOne(
  { cluster, timeoutS, work, anyones = false }: Removal,
  { apiVersion, kind, namespace, name }: Identity,
): Promise<"removed" | Left | undefined> {
  const isGranted = belongsToGrant({ apiVersion, metadata: { name, namespace } });
  const metadata: JsonObject = { name, ...(namespace !== undefined && { namespace }) };
  const place = await placeOf(cluster, { apiVersion, kind }, { metadata });
  // The kind itself is gone, and all its objects with it.
  if (!place) return undefined;
  const left = { title: titleOf(place), command: kubectl("delete", place), isGranted };
  try {
    const live = await get(cluster, place);
    if (!live) return undefined;
    if (!anyones && !isRemovable(kind, live)) return { ...left, reason: "not ours" };
    await askToDelete(cluster, place, propagationOf(kind));
    const progress = (text: string) => work.progress(`${titleOf(place)}: ${text}`);
    const uid = textAt(live, "metadata", "uid");
    await waitUntilGone({ cluster, place, uid, timeoutS, progress, cancelled: work.cancelled });
    return "removed";
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return { ...left, reason: "forbidden" };
    throw error;
  }
}

/** Values of Secrets may come from elsewhere; the label says that the Secret itself does not. */
function isRemovable(kind: string, live: JsonObject): boolean {
  if (kind === "Namespace") return annotation(live, madeByInstaller) === "true";
  const label = textAt(live, "metadata", "labels", "app.kubernetes.io/managed-by");
  return isOurs(live) || (kind === "Secret" && label === "palisade");
}

const propagationOf = (kind: string): Propagation => (kind === "Namespace" ? "Background" : "Foreground");
