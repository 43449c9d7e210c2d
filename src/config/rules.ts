// Config: all rules, and how they are applied. Each one works on whatever part of a configuration is sound.

import { bundleRules } from "./bundle-rules";
import { egressRules } from "./egress-rules";
import { eksRules } from "./eks-rules";
import { environmentRules } from "./environment-rules";
import { type Fault, faultAt } from "./faults";
import { handOffRules } from "./hand-off-rules";
import { machineRules } from "./machine-rules";
import { networkRules } from "./network-rules";
import { observabilityRules } from "./observability-rules";
import { onpremRules } from "./onprem-rules";
import type { Facts, Rule } from "./rule";
import { secretRules } from "./secret-rules";
import { tenantRules } from "./tenant-rules";
import { volumeRules } from "./volume-rules";
import { workloadRules } from "./workload-rules";

export const rules: readonly Rule[] = [
  ...networkRules.map((rule): Rule => ({ ...rule, mode: "saas" })),
  ...onpremRules,
  ...bundleRules,
  ...environmentRules,
  ...eksRules,
  ...workloadRules,
  ...volumeRules,
  ...machineRules,
  ...egressRules,
  ...secretRules,
  ...tenantRules,
  ...observabilityRules,
  ...handOffRules,
];

export function ruleFaults(facts: Facts): Fault[] {
  return rules
    .filter(({ mode }) => mode === undefined || mode === facts.mode)
    .filter(({ environments }) => !environments || (facts.environment && environments.includes(facts.environment)))
    .flatMap(({ control, check }) =>
      check(facts).map(({ at, found, allowed }) =>
        typeof at === "string" ? { path: at, found, allowed, control } : faultAt(at, found, allowed, control),
      ),
    );
}
