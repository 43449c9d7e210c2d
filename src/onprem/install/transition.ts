// Installer: from the release that runs to another one, forwards or back (RT-9, RT-12).
import { Failure } from "../../../toolchain/failure";
import { ApiError } from "../../kubernetes/errors";
import { basisOf, requireSame } from "./basis";
import type { Environment, Outcome } from "./environment";
import { givenUp, WayBackEnded, wentBack } from "./failed-step";
import { ensureGranted } from "./grant-check";
import { type Decision, decide, type Operation, type Request, type Situation } from "./journal";
import type { Move } from "./move";
import type { Target } from "./parts";
import { type Plan, transitionPlan } from "./plan";
import { pending } from "./release-book";
import { isBackText } from "./rollback-target";
import { Interrupted, session } from "./session";
import { type Store, store as storeOf } from "./store";
import { fingerprintOf } from "./target";
import { targetSteps } from "./target-steps";

/** Installs a release from a bundle that was verified, or upgrades to it. */
export async function advance(
  environment: Environment,
  command: "install" | "upgrade",
  target: Target,
): Promise<Outcome> {
  const { stack, environment: name, version, buildSha, platformNamespace } = target;
  const of = { stack, environment: name };
  const request = { command, fingerprint: fingerprintOf(target), version, buildSha, of };
  return transition(environment, request, storeOf(environment.cluster, platformNamespace), async () => target);
}

/**
 * Goes back to a release that is kept in the cluster.
 * @param to as `nameOf` calls it; by default the one before, or the one that runs where another was begun and not finished
 */
export async function rollback(environment: Environment, namespace: string, to?: string): Promise<Outcome> {
  const store = storeOf(environment.cluster, namespace);
  const request = { command: "rollback" as const, fingerprint: "", version: to ?? "", buildSha: "", to };
  return transition(environment, request, store, async ({ target }) => {
    if (!target) throw new Error("a rollback was decided without a release to go back to");
    return (await store.record(target.revision)).target;
  });
}

async function transition(
  environment: Environment,
  request: Request,
  store: Store,
  targetOf: (decision: Decision) => Promise<Target>,
): Promise<Outcome> {
  const situation = await seen(environment, store);
  const decision = decide(request, situation);
  if (decision.kind === "nothing" && decision.current)
    return { changed: false, text: isBackText(decision.current, situation.releases) };
  const target = await targetOf(decision);
  const plan = transitionPlan(request.command, decision, target);
  environment.report.plan(plan);
  if (environment.dryRun) return { changed: false, text: "Nothing was done: this was the plan." };
  if (!(await environment.agree(plan))) throw new Failure("not begun, as was asked for", "");
  const operation = operationOf(request, target);
  const running = session(environment, store.namespace, operation);
  const inner = { environment: running.environment, store: running.store };
  const revision = () => move.operation.revision;
  const move: Move = {
    outer: environment,
    ...inner,
    session: running,
    request,
    target,
    steps: targetSteps(
      inner.environment,
      inner.store,
      target,
      revision,
      request.command === "rollback" ? "rollback" : "forwards",
    ),
    decision,
    basis: basisOf(decision, situation),
    operation,
  };
  try {
    return await go(move, plan);
  } finally {
    await move.session.close();
  }
}

/** What the records say. @throws Failure with the command for an administrator, where this account may not read them */
async function seen({ grantCommand }: Environment, store: Store): Promise<Situation> {
  return store.situation().catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    throw new Failure(
      `permission denied: this account may not read the installer's records in namespace ${store.namespace}`,
      `An administrator applies once: ${grantCommand}\nFind out who you are: kubectl auth whoami`,
    );
  });
}

function operationOf({ command }: Request, target: Target): Operation {
  const { version } = target;
  const now = new Date().toISOString();
  const about = { command, fingerprint: fingerprintOf(target), version, revision: 0 };
  return { schema: 1, ...about, step: "begin", stepIsDone: false, state: "under way", startedAt: now, updatedAt: now };
}

async function go(move: Move, plan: Plan): Promise<Outcome> {
  const { session: running, target, steps, outer } = move;
  try {
    for (const step of plan.steps) {
      if (step.id === "preflight") await running.run(step, work => outer.parts.preflight(outer.cluster, target, work));
      else if (step.id === "begin") await running.run(step, () => begin(move));
      else {
        const run = steps.runs[step.id];
        if (run) await running.run(step, run);
      }
      const { current, kind } = move.decision;
      if (step.id === "begin" && kind === "continue back" && current)
        return await wentBack(move, current, move.operation.back?.reason ?? "");
    }
  } catch (error) {
    if (error instanceof Interrupted || error instanceof WayBackEnded) throw error;
    throw await givenUp(move, error instanceof Error ? error : new Error(String(error)));
  }
  await running.journal({ state: "done" });
  const changed = steps.changes() > 0;
  const text = changed
    ? `Release ${target.version} runs.`
    : `Release ${target.version} runs; nothing had to be changed.`;
  return { changed, text };
}

/** The first write: the namespace of the records, the lease, the record of what is begun, the journal. */
async function begin(move: Move): Promise<string> {
  const { outer, store, session: running, request, target } = move;
  const { cluster, grantCommand } = outer;
  const { platformNamespace: name, objects } = target;
  const namespace = objects.find(({ kind, metadata }) => kind === "Namespace" && metadata.name === name);
  if (namespace) await ensureGranted(cluster, [namespace], { command: grantCommand }, running.work);
  await running.open(request.command);
  const situation = await store.situation();
  requireSame(move.basis, basisOf(decide(request, situation), situation));
  const last = move.decision.kind.startsWith("continue") ? situation.operation : undefined;
  const revision = await pending(store, target, move.decision);
  move.operation = {
    ...move.operation,
    revision,
    startedAt: last?.startedAt ?? move.operation.startedAt,
    back: last?.back,
  };
  await running.journal(move.operation);
  return `in namespace ${name}`;
}
