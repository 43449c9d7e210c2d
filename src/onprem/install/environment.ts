// Installer: what every operation works with.
import type { Cluster } from "../../kubernetes/objects";
import type { Holder } from "./holder";
import type { LeaseTimes } from "./lease-object";
import type { Parts } from "./parts";
import type { Plan, PlannedStep } from "./plan";
import type { Report } from "./report";

export interface Environment {
  cluster: Cluster;
  report: Report;
  parts: Parts;
  /** Fires when the user ends it; the journal then says where it was. */
  cancelled: AbortSignal;
  /** Prints the plan and stops there. */
  dryRun: boolean;
  /** Whether to go on, once the plan is shown. */
  agree: (plan: Plan) => Promise<boolean>;
  /** Whether to begin a step. */
  confirm: (step: PlannedStep) => Promise<boolean>;
  /** Seconds that one object may take to become ready, or to go. */
  timeoutS: number;
  /** Releases before the one that runs that are kept to go back to. */
  keep: number;
  /** What prints the grant for an administrator. */
  grantCommand: string;
  holder: Holder;
  leaseTimes?: LeaseTimes;
}

export const keptReleases = 5;

export interface Outcome {
  /** Whether anything in the cluster is other than before. */
  changed: boolean;
  /** One line for the end. */
  text: string;
}
