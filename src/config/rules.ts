// Config: all rules, and how they are applied. Each one works on whatever part of a configuration is sound.
import { egressRules } from "./egress-rules";
import { environmentRules } from "./environment-rules";
import { type Fault, faultAt } from "./faults";
import { handOffRules } from "./hand-off-rules";
import { machineRules } from "./machine-rules";
import { networkRules } from "./network-rules";
import { notBuiltYetRule } from "./not-built-yet";
import { observabilityRules } from "./observability-rules";
import type { Facts, Rule } from "./rule";
import { secretRules } from "./secret-rules";
import { tenantRules } from "./tenant-rules";
import { volumeRules } from "./volume-rules";
import { workloadRules } from "./workload-rules";

export const rules: readonly Rule[] = [
  ...networkRules,
  ...environmentRules,
  ...workloadRules,
  ...volumeRules,
  ...machineRules,
  ...egressRules,
  ...secretRules,
  ...tenantRules,
  ...observabilityRules,
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
