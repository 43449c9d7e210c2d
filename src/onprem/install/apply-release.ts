// Installer: all objects of a release, each once what it needs stands, several at once; stores are waited for before what uses them (RT-4).
import { applyOrder } from "../../components/kubernetes/apply-order";
import { describe, type KubernetesObject } from "../../components/kubernetes/object";
import { makesPods } from "../../components/kubernetes/references";
import { haltedRelease } from "../../kubernetes/await/verdict";
import { waitUntilReady } from "../../kubernetes/await/wait";
import { type Cluster, titleOf } from "../../kubernetes/objects";
import { type Applied, applyObject } from "./apply-object";
import { growClaims } from "./grow-claims";
import type { Target, Work } from "./parts";
import { inOrder } from "./schedule";
import { type SumOf, withSum } from "./secret-sums";
import { removeStuckPods } from "./stuck-pods";

/** Ready only later, or never: a Service with its first ready pod, an Ingress with its address, a claim with its first pod. */
const notAwaited = ["Service", "Ingress", "PersistentVolumeClaim"];

export interface Standing {
  object: KubernetesObject;
  applied: Applied;
}

/** Seconds that one object may take to become ready, unless said otherwise. */
export const readySeconds = 600;

export interface Applying {
  cluster: Cluster;
  target: Target;
  /** Those of the target that lie in a namespace, and their namespaces. */
  objects: readonly KubernetesObject[];
  sumOf: SumOf;
  timeoutS: number;
  work: Work;
}

/** @returns what stands now, and still is to become ready */
export async function applyRelease(applying: Applying): Promise<Standing[]> {
  const { cluster, target, objects, sumOf, work } = applying;
  const order = applyOrder(target.objects, target.secrets);
  const needed = storesAmong(objects, order);
  const standing: Standing[] = [];
  let done = 0;
  await inOrder(new Map(objects.map(object => [describe(object), object])), order, async (object, key) => {
    work.cancelled.throwIfAborted();
    await growClaims(cluster, object, work);
    const applied = await applyObject(cluster, withSum(object, sumOf), work);
    work.progress(`${++done} of ${objects.length} objects`);
    if (needed.has(key)) await settled(applying, { object, applied });
    standing.push({ object, applied });
  });
  return standing;
}

/** Waits until everything that was applied is ready. */
export async function waitForAll(applying: Applying, standing: readonly Standing[]): Promise<void> {
  const tasks = new Map(standing.map(each => [describe(each.object), each]));
  // Waiting costs little, and what fails first should be told first: all at once.
  await inOrder(tasks, new Map(), each => settled(applying, each), tasks.size);
}

async function settled({ cluster, timeoutS, work }: Applying, { object, applied }: Standing): Promise<void> {
  if (notAwaited.includes(object.kind)) return;
  const { place, live, before } = applied;
  await waitUntilReady({
    cluster,
    place,
    live,
    timeoutS,
    progress: text => work.progress(`${titleOf(place)}: ${text}`),
    cancelled: work.cancelled,
    onward: "",
    haltedBefore: haltedRelease(before, live),
    meanwhile: async now => {
      for (const name of await removeStuckPods(cluster, place, now))
        work.say(`pod ${place.namespace}/${name} never started and is of another release; it is made anew`);
    },
  });
}

/** What makes pods and is needed by something else that does. */
function storesAmong(objects: readonly KubernetesObject[], order: ReadonlyMap<string, readonly string[]>): Set<string> {
  const pods = new Set(objects.filter(makesPods).map(describe));
  return new Set([...pods].flatMap(key => (order.get(key) ?? []).filter(other => pods.has(other))));
}
