// Installer: what a plan was made from. What is decided anew under the lease has to be the same, or the plan was not the one agreed to
// (RT-9). Pure.
import { Failure } from "../../../toolchain/failure";
import type { Decision, ReleaseHead, Situation } from "./journal";

/** Two that are equal lead to the same plan. */
export type Basis = string;

export function basisOf({ kind, current, target }: Decision, { releases }: Situation): Basis {
  const told = ({ revision, serial, state, fingerprint }: ReleaseHead) => [revision, serial, state, fingerprint];
  const all = releases.toSorted((a, b) => a.revision - b.revision).map(told);
  return JSON.stringify([kind, current?.revision, target?.revision, all]);
}

/** @throws Failure if it has changed since the plan was made */
export function requireSame(planned: Basis, now: Basis): void {
  if (planned === now) return;
  throw new Failure(
    "what is installed has changed since the plan was made; nothing was done",
    "Type the same command again: it shows the plan as it is now.",
  );
}
