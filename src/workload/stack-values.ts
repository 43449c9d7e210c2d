// Workload model: what the variables of a service ask of their stack, and the one error where it does not have it. Pure (IS-1).
import type { EnvironmentValue } from "./container";

/** What a stack may say about itself, in each home. */
export interface StackValues {
  environment: string;
  region?: string;
  buildSha: string;
  /** Origins of the public service and of the frontend, where the stack has them. */
  publicOrigin: string;
  frontendOrigin?: string;
}

type Origin = Extract<EnvironmentValue, { from: string }>["from"];

const keys = {
  environment: "environment",
  region: "region",
  "build-sha": "buildSha",
  "public-origin": "publicOrigin",
  "frontend-origin": "frontendOrigin",
} as const satisfies Record<Origin, keyof StackValues>;

/** @throws Error naming the variable, if the stack does not have what it asks for. */
export function fromStack(variable: string, from: Origin, stack: StackValues): string {
  return required(variable, from, stack[keys[from]]);
}

/**
 * What a variable asks for, if it is there.
 * @param what as the error names it, such as ``bucket `uploads` ``
 * @throws Error naming the variable, if the stack does not have what it asks for.
 */
export function required<T>(variable: string, what: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`variable \`${variable}\` asks for ${what}, which the stack does not have`);
  return value;
}
