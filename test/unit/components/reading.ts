// Unit tests: reads what a component registered and gave out.
import type { Output } from "@pulumi/pulumi";
import type { Registered } from "../record";
import { type Statement, statementsOf } from "./samples";

/** Statements of the policy in one input of a registration. */
export function policyOf(registered: Registered, input = "policy"): Statement[] {
  return statementsOf(registered.inputs[input]);
}

/** The one statement of that id. */
export function statement(registered: Registered, sid: string): Statement {
  const found = policyOf(registered).filter(s => s.Sid === sid);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`expected one statement \`${sid}\`, found ${found.length}`);
  return first;
}

/** The value of an output; ask for it while the mocks are running, await it when they are done. */
export function resolved<T>(output: Output<T>): Promise<unknown> {
  return new Promise(resolve => output.apply(resolve));
}
