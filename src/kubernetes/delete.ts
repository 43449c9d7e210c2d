// Kubernetes: deleting an object and waiting until it is gone; what holds it back is named.
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, NotReady } from "./errors";
import { isObject, type JsonObject, listAt, textAt } from "./json";
import { type Cluster, get, kubectl, type Place, titleOf } from "./objects";

/** What becomes of dependents: they stay, go afterwards, or go first. */
export type Propagation = "Orphan" | "Background" | "Foreground";

const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/** Asks for the deletion. Returns the uid of what is being deleted, undefined if there is nothing. */
export async function askToDelete(
  cluster: Cluster,
  place: Place,
  propagationPolicy: Propagation,
): Promise<string | undefined> {
  const before = await get(cluster, place);
  if (!before) return undefined;
  try {
    const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy };
    await cluster.api.send({ method: "DELETE", path: place.path, contentType: "application/json", body });
  } catch (error) {
    if (error instanceof ApiError && error.isNotFound) return undefined;
    // A namespace that is on its way out already answers so.
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
  return textAt(before, "metadata", "uid");
}

/** Asks for the deletion of this very object, not of another that has its name by now. */
export async function deleteByUid(cluster: Cluster, path: string, uid: string): Promise<void> {
  const body = { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid } };
  await cluster.api.send({ method: "DELETE", path, contentType: "application/json", body });
}

export interface Leaving {
  cluster: Cluster;
  place: Place;
  /** Of the object that goes; another of its name is not waited for. */
  uid: string;
  timeoutS: number;
  /** What holds it, in one line, each time that changes. */
  progress: (text: string) => void;
  /** Ends the wait. */
  cancelled: AbortSignal;
}

/** @throws NotReady naming what holds the object, when it is still there after the time or the wait was ended */
export async function waitUntilGone({ cluster, place, uid, timeoutS, progress, cancelled }: Leaving): Promise<void> {
  const deadline = performance.now() + timeoutS * 1000;
  let live: JsonObject | undefined;
  let shown = "";
  for (let pause = PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    live = await get(cluster, place);
    if (!live || textAt(live, "metadata", "uid") !== uid) return;
    const status = ["being deleted", ...holders(live)].join("; ");
    if (status !== shown) progress(status);
    shown = status;
    if (cancelled.aborted || performance.now() > deadline) break;
    await sleep(pause, undefined, { signal: cancelled }).catch(() => undefined);
  }
  const held = holders(live);
  const after = cancelled.aborted ? "when the wait was interrupted" : `after ${timeoutS} s`;
  const object = { ...live, metadata: isObject(live.metadata) ? live.metadata : {} };
  throw new NotReady(
    `${titleOf(place)} is still being deleted ${after}${held.length > 0 ? `: ${held.join("; ")}` : ""}. ` +
      "Whoever set a finalizer must finish its work and remove it. See: `" +
      kubectl("get", place, " -o yaml") +
      "`; then run the same command again.",
    object,
  );
}

/** What keeps an object that is marked for deletion. */
function holders(live: JsonObject): string[] {
  const finalizers = [...listAt(live, "metadata", "finalizers"), ...listAt(live, "spec", "finalizers")].map(String);
  const contents = listAt(live, "status", "conditions")
    .filter(condition => textAt(condition, "status") === "True" && /Remaining|Failure/.test(textAt(condition, "type")))
    .map(condition => textAt(condition, "message"));
  const named = finalizers.length > 0 ? [`held by finalizer ${finalizers.map(f => `\`${f}\``).join(", ")}`] : [];
  return [...named, ...contents];
}
