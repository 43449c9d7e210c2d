// Installer: what releases before had and the one that runs has not is removed, but for what holds data (RT-9).
import { applyOrder } from "../../components/kubernetes/apply-order";
import { describe } from "../../components/kubernetes/object";
import { identityOf, keyOf } from "./identity";
import type { Target } from "./parts";
import type { ReleaseRecord } from "./records";
import { dropped, type Left, type Removal, removeAll } from "./remove";
import { reversed } from "./schedule";
import { inventoryOf } from "./target";

export async function prune(
  removal: Removal,
  records: readonly ReleaseRecord[],
  target: Target,
): Promise<{ removed: number; note: string }> {
  const recorded = records.flatMap(record => inventoryOf(record.target));
  const { gone, kept } = dropped(recorded, inventoryOf(target));
  const { removed, left } = await removeAll(removal, gone, removalOrder(records.map(record => record.target)));
  for (const { kind, namespace, name } of kept)
    removal.work.say(
      `kept, though release ${target.version} does not use it: ${kind} ${namespace ? `${namespace}/` : ""}${name}`,
    );
  for (const each of left) removal.work.say(leftText(each));
  return { removed, note: removed > 0 ? `${removed} objects` : "nothing" };
}

/**
 * Autoscalers that the target has not go before its objects are applied: until they are gone, they would set the number
 * that it fixes, and nobody would set it back.
 */
export async function pruneAutoscalers(
  removal: Removal,
  records: readonly ReleaseRecord[],
  target: Target,
): Promise<number> {
  const recorded = records.flatMap(record => inventoryOf(record.target));
  const gone = dropped(recorded, inventoryOf(target)).gone.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  const { removed, left } = await removeAll(removal, gone, new Map());
  for (const each of left) removal.work.say(leftText(each));
  return removed;
}

/** One object at a time: a grant as a whole has what still runs. */
export function leftText({ title, reason, command, isGranted }: Left): string {
  if (reason === "forbidden") return `${title} stays: this account may not delete it. An administrator can: ${command}`;
  return isGranted
    ? `${title} stays: an administrator applied it, and can delete it: ${command}`
    : `${title} stays: this installer did not make it`;
}

/** By `keyOf`: an object goes once all that needed it are gone. */
export function removalOrder(targets: readonly Target[]): Map<string, string[]> {
  const keys = new Map<string, string>();
  const order = new Map<string, Set<string>>();
  for (const { objects, secrets } of targets) {
    for (const object of objects) keys.set(describe(object), keyOf(identityOf(object)));
    for (const { namespace, name } of secrets)
      keys.set(`Secret ${namespace}/${name}`, keyOf({ apiVersion: "v1", kind: "Secret", namespace, name }));
    for (const [key, needs] of reversed(applyOrder(objects, secrets))) {
      const known = order.get(key) ?? new Set();
      for (const each of needs) known.add(each);
      order.set(key, known);
    }
  }
  const translated = (key: string) => keys.get(key) ?? key;
  return new Map([...order].map(([key, needs]) => [translated(key), [...needs].map(translated)]));
}
