// Cluster: which cluster a command is about. One that the user did not name is never touched.
import { Failure } from "../failure";

/** A cluster that is used as it is, one that kind runs, or one of our own. */
export type Target = { origin: "given"; kubeconfig: string; named: string } | { origin: "kind" } | { origin: "local" };

export interface TargetOptions {
  /** `--kubeconfig`. */
  kubeconfig?: string;
  /** `--kind`. */
  kind?: boolean;
}

/** Variable that names a cluster for all commands. `KUBECONFIG` is deliberately not read: it may name one in production. */
const KUBECONFIG_VARIABLE = "PALISADE_KUBECONFIG";

/**
 * In this order: `--kubeconfig`, `--kind`, `PALISADE_KUBECONFIG`, the local one.
 * @throws Failure if two are asked for on the command line
 */
export function chooseTarget(options: TargetOptions, env: NodeJS.ProcessEnv): Target {
  if (options.kubeconfig && options.kind)
    throw new Failure(
      "`--kubeconfig` and `--kind` name two clusters; allowed is one",
      "Leave one of them out: `npx palisade sandbox up --cluster --kind`.",
    );
  if (options.kubeconfig) return { origin: "given", kubeconfig: options.kubeconfig, named: "--kubeconfig" };
  if (options.kind) return { origin: "kind" };
  const named = env[KUBECONFIG_VARIABLE];
  return named ? { origin: "given", kubeconfig: named, named: KUBECONFIG_VARIABLE } : { origin: "local" };
}
