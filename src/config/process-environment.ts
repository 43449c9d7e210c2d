// Config: the one place that reads the process environment.

/** Variable that points a stack at a local AWS, so that CI can preview staging and prod without an account. */
export const localAwsVariable = "PALISADE_LOCAL_AWS";

/** Value of `PALISADE_LOCAL_AWS`, unchecked; undefined when unset or empty. */
export function localAwsFromEnvironment(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  return variables[localAwsVariable] || undefined;
}
