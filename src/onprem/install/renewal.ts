// Installer: a lease while it is held: renewed in time, and at each moment known to be surely ours or not.
//
// What keeps a frozen or cut-off installer from writing over its successor's work:
//  1. A successor takes the lease only over the version that it has watched stand still for the whole duration.
//  2. So ours lasts for the duration from the moment before the last renewal that succeeded was sent. By both clocks: the one that says
//     more counts, as one stands still while the machine sleeps and the other can be set.
//  3. Writes are sent in the first four fifths of that term only; the rest is for what is on its way. It is looked at before each try,
//     and again when the bytes leave, with nothing in a socket that still connects (src/kubernetes/client.ts).
//  4. A term that has passed is not a lease that is lost: writes wait until a renewal succeeds. It goes over the very version that we
//     wrote, so it can only succeed where nobody held the lease meanwhile. Then nobody wrote meanwhile either, and it goes on.
//  5. Where it fails since somebody else has it, or had it, the lease is lost for good: every request is aborted, and none is sent.
//  6. Renewals have one try and a short time each, so that a server that hangs does not hide that the term ends.
//  7. Journal and records are written over the version last seen (store.ts), so that even a write that left in time conflicts.
// What this cannot hold back is a write to another object that left in time and arrives after the rest of the term.
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../toolchain/failure";
import type { Permit } from "../../kubernetes/client";
import type { JsonObject } from "../../kubernetes/json";
import { type Cluster, get, type Place } from "../../kubernetes/objects";
import type { Holder } from "./holder";
import { holderOf, type LeaseTimes, writeLease } from "./lease-object";
import { type Moment, since, thisMoment } from "./moment";

export interface Held extends Permit {
  /** Fires when the lease was lost, with a Failure that says how. */
  lost: AbortSignal;
  /** Renews it once more and then no longer, nor gives it back: for whoever is about to delete it. The permit ends with the term. */
  last(): Promise<void>;
  release(): Promise<void>;
}

export interface Holding {
  cluster: Cluster;
  place: Place;
  holder: Holder;
  /** The command, for whoever comes second. */
  what: string;
  times: LeaseTimes;
}

/** Part of the duration in which writes are sent. */
const sure = 0.8;
/** Seconds for which a lease that cannot be renewed is not given up, unless told. */
const patienceS = 120;

const again = "What is done is in the journal. Type the same command again to go on.";

/**
 * @param taken the lease as it was written
 * @param sent when it was, at the latest
 */
export function renewing({ cluster, place, holder, what, times }: Holding, taken: JsonObject, sent: Moment): Held {
  const { duration, renewal, patience = patienceS } = times;
  const lost = new AbortController();
  const ended = new AbortController();
  let live = taken;
  let renewed = sent;
  let wanted = new AbortController();
  const waiting: (() => void)[] = [];

  const isGiven = () => !lost.signal.aborted && since(renewed) < duration * 1000 * sure;
  const tell = () => {
    for (const go of waiting.splice(0)) go();
  };
  const lose = (how: string) => {
    lost.abort(new Failure(how, again));
    tell();
  };

  /** `changed`: a renewal whose answer was lost took effect, and the next one goes over that. */
  const renew = async (): Promise<"renewed" | "changed" | "failed"> => {
    const at = thisMoment();
    const signal = AbortSignal.timeout(renewal * 1000);
    const how = { attempts: 1, signal };
    try {
      const next = await writeLease(cluster, place, live, holder, what, times, how);
      if (next) {
        live = next;
        renewed = at;
        tell();
        return "renewed";
      }
      const found = await get(cluster, place, how);
      if (found && holderOf(found) === holder.identity) {
        live = found;
        return "changed";
      }
      lose("another installer has taken over, as this one was not heard of for too long");
    } catch (error) {
      const why = error instanceof Error && !signal.aborted ? error.message : "no answer";
      if (since(renewed) > patience * 1000)
        lose(`the lease of the installers could not be renewed for ${patience} s: ${why}`);
    }
    return "failed";
  };

  const pauses = { renewed: renewal * 1000, changed: 0, failed: Math.min(renewal * 250, 1_000) };
  const renewals = async (): Promise<void> => {
    for (let last: keyof typeof pauses = "renewed"; !ended.signal.aborted && !lost.signal.aborted; ) {
      const isInTime = last === "renewed";
      const signal = AbortSignal.any(isInTime ? [ended.signal, wanted.signal] : [ended.signal]);
      // A run that has nothing else to do is not kept alive; whoever waits for a renewal is.
      await sleep(pauses[last], undefined, { signal, ref: !isInTime }).catch(() => undefined);
      if (ended.signal.aborted) return;
      wanted = new AbortController();
      last = await renew();
    }
  };
  const running = renewals();

  return {
    lost: lost.signal,
    isGiven,
    asked: async signal => {
      while (!isGiven()) {
        lost.signal.throwIfAborted();
        signal?.throwIfAborted();
        if (ended.signal.aborted) throw new Failure("the lease of the installers has run out", again);
        await new Promise<void>(go => {
          waiting.push(go);
          signal?.addEventListener("abort", () => go(), { once: true });
          wanted.abort();
        });
      }
    },
    last: async () => {
      ended.abort();
      await running;
      // A second time over what the first one, or the one before, may have written unheard.
      if (!lost.signal.aborted && (await renew()) === "changed") await renew();
      tell();
    },
    release: async () => {
      ended.abort();
      tell();
      await running;
      renewed = { steady: -Infinity, wall: -Infinity };
      const few = { attempts: 2 };
      const last = await get(cluster, place, few);
      if (last && holderOf(last) === holder.identity)
        await writeLease(cluster, place, last, undefined, what, times, few);
    },
  };
}
