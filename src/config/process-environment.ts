// Config: the one place that reads the process environment.
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Variable that points a stack at a local AWS, so that CI can preview staging and prod without an account. */
export const localAwsVariable = "PALISADE_LOCAL_AWS";

/** Value of `PALISADE_LOCAL_AWS`, unchecked; undefined when unset or empty. */
export function localAwsFromEnvironment(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  return variables[localAwsVariable] || undefined;
}

/**
 * Path of the kubeconfig: what `KUBECONFIG` names, or else the file of the user. Of a list, the first: kubectl writes
 * there too.
 */
export function kubeconfigFromEnvironment(variables: NodeJS.ProcessEnv = process.env): string {
  const [first] = (variables.KUBECONFIG ?? "").split(delimiter).filter(Boolean);
  return first ?? join(homedir(), ".kube", "config");
}
