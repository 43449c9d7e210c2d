// Installer: one operation from its lease to its end: each step is journaled before and after, so that it can be killed anywhere.
import { Failure } from "../../../toolchain/failure";
import { ApiError, NotReady, Unreachable } from "../../kubernetes/errors";
import type { Environment } from "./environment";
import { fenced } from "./fence";
import type { Operation } from "./journal";
import { takeLease } from "./lease";
import type { Work } from "./parts";
import { type PlannedStep, readingSteps, type StepId } from "./plan";
import type { Held } from "./renewal";
import { Overtaken, type Store, store as storeOf } from "./store";

export interface Session {
  readonly work: Work;
  /** Its cluster takes writes only while the lease is surely held; see renewal.ts. */
  readonly environment: Environment;
  /** On the same cluster. */
  readonly store: Store;
  /** The step that was begun last. */
  readonly step: StepId;
  /** Takes the lease, and with it the right to write the journal. */
  open(what: string): Promise<void>;
  /** The operation as it goes into the journal from now on. */
  journal(change: Partial<Operation>): Promise<void>;
  /** Runs one step of the plan, with what `work` returns as its note. */
  run(step: PlannedStep, work: (work: Work) => Promise<string>): Promise<void>;
  /** Ends the journal, and keeps the lease for what is left of its term: for whoever deletes both. */
  last(): Promise<void>;
  /** Gives the lease back, for good. */
  close(): Promise<void>;
}

/** @param namespace of the records */
export function session(environment: Environment, namespace: string, begun: Operation): Session {
  const { report, cluster, holder, confirm } = environment;
  const lost = new AbortController();
  const cancelled = AbortSignal.any([environment.cancelled, lost.signal]);
  const work: Work = { progress: report.progress, say: report.say, cancelled };
  let entry = begun;
  let held: Held | undefined;
  let isJournaling = false;
  let current: StepId = "verify";
  const permit = {
    asked: async (signal?: AbortSignal) => {
      if (!held) throw new Error("a write without the lease of the installers");
      await held.asked(signal);
    },
    isGiven: () => held?.isGiven() ?? false,
  };
  const behind = fenced(cluster, permit, cancelled);
  const store = storeOf(behind, namespace);

  const journal = async (change: Partial<Operation>): Promise<void> => {
    cancelled.throwIfAborted();
    entry = { ...entry, ...change, updatedAt: new Date().toISOString() };
    await store.journal(entry);
  };
  const close = async (): Promise<void> => {
    const last = held;
    held = undefined;
    isJournaling = false;
    // What is left of a lease that cannot be given back is taken over by the next one.
    await last?.release().catch(() => undefined);
  };

  return {
    work,
    environment: { ...environment, cluster: behind },
    store,
    get step() {
      return current;
    },
    journal,
    close,
    last: async () => {
      isJournaling = false;
      await held?.last();
    },
    open: async what => {
      const taken = await takeLease(cluster, namespace, holder, what, work, environment.leaseTimes);
      taken.lost.addEventListener("abort", () => lost.abort(taken.lost.reason), { once: true });
      held = taken;
      isJournaling = true;
    },
    run: async (step, go) => {
      current = step.id;
      report.begins(step.id, step.title);
      try {
        if (!(await confirm(step))) throw new Failure(`stopped before \`${step.title}\`, as was asked for`, "");
        if (isJournaling && !readingSteps.includes(step.id)) await journal({ step: step.id, stepIsDone: false });
        const note = await go(work);
        if (isJournaling) await journal({ step: step.id, stepIsDone: true });
        report.done(step.id, note);
      } catch (error) {
        const told = toldOf(error, environment.cancelled.aborted, lost.signal);
        report.failed(step.id, told.message);
        throw told;
      }
    },
  };
}

/** The operation stays under way: the same command goes on with it. */
export class Interrupted extends Failure {}

function toldOf(error: unknown, isCancelled: boolean, lost: AbortSignal): Error {
  const again = "What is done is in the journal. Type the same command again to go on.";
  if (lost.aborted && lost.reason instanceof Failure) return new Interrupted(lost.reason.what, lost.reason.fix);
  if (isCancelled) return new Interrupted("interrupted", again);
  if (error instanceof Overtaken) return new Interrupted(error.what, error.fix);
  if (error instanceof Unreachable) return new Interrupted(error.message, again);
  if (error instanceof ApiError && error.status === 401)
    return new Interrupted(`the cluster no longer knows this account: ${error.message}`, `Log in to it. ${again}`);
  if (error instanceof NotReady) return new Failure(error.message, "");
  return error instanceof Error ? error : new Error(String(error));
}
