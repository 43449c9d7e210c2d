// Config: all rules, and how they are applied. Each one works on whatever part of a configuration is sound.
import { environmentRules } from "./environment-rules";
import { type Fault, faultAt } from "./faults";
import { handOffRules } from "./hand-off-rules";
import { networkRules } from "./network-rules";
import { notBuiltYetRule } from "./not-built-yet";
import type { Facts, Rule } from "./rule";
import { secretRules } from "./secret-rules";
import { workloadRules } from "./workload-rules";

export const rules: readonly Rule[] = [
  ...networkRules,
  ...environmentRules,
  ...workloadRules,
  ...secretRules,
  ...handOffRules,
  notBuiltYetRule,
];

export function ruleFaults(facts: Facts): Fault[] {
  return rules
    .filter(({ environments }) => !environments || (facts.environment && environments.includes(facts.environment)))
    .flatMap(({ control, check }) =>
      check(facts).map(({ at, found, allowed }) =>
        typeof at === "string" ? { path: at, found, allowed, control } : faultAt(at, found, allowed, control),
      ),
    );
}
