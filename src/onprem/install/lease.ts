// Installer: one at a time, by a Lease that its holder renews. A dead holder's is taken over once it has been seen to be still.
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../toolchain/failure";
import { annotation, type JsonObject, numberAt, textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { type Holder, hasEnded } from "./holder";
import {
  commandKey,
  holderOf,
  type LeaseTimes,
  leaseName,
  leasePlace,
  leaseTimes,
  machineKey,
  processKey,
  writeLease,
} from "./lease-object";
import { thisMoment } from "./moment";
import type { Work } from "./parts";
import { type Held, renewing } from "./renewal";

/** Milliseconds between two looks at a lease that somebody holds. */
const look = 500;
/** Others may have changed it between a look and a write; nobody does so without end. */
const mostTries = 20;

/**
 * Takes the lease of the installers. Times are this machine's alone: what counts is whether the lease changes while it is looked at,
 * so that no clock needs to agree with another. The look is by the steady clock, which says less where the two differ.
 * @param what the command, for whoever comes second
 * @throws Failure naming the one that is at work
 */
export async function takeLease(
  cluster: Cluster,
  namespace: string,
  holder: Holder,
  what: string,
  work: Pick<Work, "progress" | "cancelled">,
  times: LeaseTimes = leaseTimes,
): Promise<Held> {
  const place = leasePlace(namespace);
  let seen: { version: string; at: number } | undefined;
  for (let tries = 0; tries < mostTries; ) {
    work.cancelled.throwIfAborted();
    const live = await get(cluster, place);
    if (live && !isFree(live, holder)) {
      const version = textAt(live, "metadata", "resourceVersion");
      if (seen && seen.version !== version) throw atWork(live, namespace);
      seen ??= { version, at: performance.now() };
      const duration = numberAt(live, "spec", "leaseDurationSeconds") ?? times.duration;
      if (performance.now() - seen.at < duration * 1000) {
        work.progress(`waiting to see whether ${holderOf(live)} still works`);
        await sleep(Math.min(look, duration * 250), undefined, { signal: work.cancelled });
        continue;
      }
    }
    const sent = thisMoment();
    const taken = await writeLease(cluster, place, live, holder, what, times);
    if (taken) return renewing({ cluster, place, holder, what, times }, taken, sent);
    tries++;
  }
  throw new Failure("the lease of the installers changes hands all the time", "Type the same command again.");
}

function isFree(live: JsonObject, holder: Holder): boolean {
  const identity = holderOf(live);
  if (identity === "" || identity === holder.identity) return true;
  return hasEnded({ machine: annotation(live, machineKey), process: Number(annotation(live, processKey)) }, holder);
}

function atWork(live: JsonObject, namespace: string): Failure {
  const since = textAt(live, "spec", "acquireTime").slice(0, 19);
  return new Failure(
    `another installer is at work: ${holderOf(live)} does \`${annotation(live, commandKey)}\` since ${since}Z`,
    `Wait until it is done, or end it there; then type the same command again. See: kubectl get lease ${leaseName} -n ${namespace} -o yaml`,
  );
}
