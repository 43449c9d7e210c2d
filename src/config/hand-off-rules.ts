// Config: rules about second regions, approvers and services that sleep, held against the specifications in the catalogue.
import { hasReplica, queuesOf } from "../workload/hand-off";
import type { Workload } from "../workload/workload";
import { listNames } from "./faults";
import { valueAt } from "./paths";
import type { Facts, Finding, Rule } from "./rule";

/** Workloads of the stack that the catalogue knows. */
function chosen({ sound, catalog }: Facts): Workload[] {
  return Object.keys(sound.workloads ?? {}).flatMap(name => catalog.get(name) ?? []);
}

export const handOffRules: readonly Rule[] = [
  {
    id: "second-region",
    mode: "saas",
    control: "CP-12",
    check: (facts): Finding[] => {
      const at = ["secondRegion"];
      const written = valueAt(facts.values, at) !== undefined;
      const replicated = chosen(facts).filter(hasReplica);
      if (!written && replicated.length > 0) {
        const names = listNames(replicated.map(workload => workload.name));
        return [{ at, found: "nothing", allowed: `an AWS region: buckets of ${names} have a copy there` }];
      }
      const { secondRegion, region } = facts.sound;
      return secondRegion !== undefined && secondRegion === region
        ? [{ at, found: `"${secondRegion}"`, allowed: "another region than the stack's own" }]
        : [];
    },
  },
  {
    id: "approvers",
    control: "CP-11",
    check: facts =>
      chosen(facts).flatMap(({ name, approvals }): Finding[] => {
        const at = ["workloads", name, "approvers"];
        const written = valueAt(facts.values, at) !== undefined;
        if (approvals.length > 0 && !written)
          return [{ at, found: "nothing", allowed: `who decides about ${listNames(approvals.map(a => a.name))}` }];
        return approvals.length === 0 && written
          ? [{ at, found: "approvers", allowed: `nothing: \`${name}\` has no approvals` }]
          : [];
      }),
  },
  {
    id: "sleeping-service",
    control: "CP-12",
    check: facts =>
      chosen(facts).flatMap(({ name, services, state }) =>
        Object.entries(services).flatMap(([service, { scaling }]): Finding[] => {
          if (facts.sound.workloads?.[name]?.services?.[service]?.minReplicas !== 0) return [];
          const woken = scaling.targets.some(t => t.metric === "queue-wait") && queuesOf(state, service).length > 0;
          if (woken) return [];
          const at = ["workloads", name, "services", service, "minReplicas"];
          return [{ at, found: "0", allowed: "at least 1: no queue would start the service again" }];
        }),
      ),
  },
];
