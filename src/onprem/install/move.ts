// Installer: what the steps of one transition share.
import type { Basis } from "./basis";
import type { Environment } from "./environment";
import type { Decision, Operation, Request } from "./journal";
import type { Target } from "./parts";
import type { Session } from "./session";
import type { Store } from "./store";
import type { TargetSteps } from "./target-steps";

/** From what runs to `target`. */
export interface Move {
  /** Before the lease is taken. */
  outer: Environment;
  /** Takes writes only while the lease is held. */
  environment: Environment;
  store: Store;
  session: Session;
  request: Request;
  target: Target;
  steps: TargetSteps;
  decision: Decision;
  /** What the decision was made from. */
  basis: Basis;
  operation: Operation;
}
