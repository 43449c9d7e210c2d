// Config: rules of traces and of the account's baseline.
import { listNames } from "./faults";
import { accountBaselineParts } from "./observability-schema";
import { isTree, valueAt } from "./paths";
import type { Facts, Finding, Rule } from "./rule";

/** Least share of traces in staging, in percent. */
const stagingPercent = 25;

export const observabilityRules: readonly Rule[] = [
  {
    id: "staging-sampling",
    control: "RT-25",
    environments: ["staging"],
    check: ({ sound }): Finding[] => {
      const percent = sound.tracing?.samplePercent;
      if (percent === undefined || percent >= stagingPercent) return [];
      return [
        { at: ["tracing", "samplePercent"], found: `${percent}`, allowed: `at least ${stagingPercent} in staging` },
      ];
    },
  },
  {
    id: "console-traces",
    mode: "saas",
    control: "RT-25",
    environments: ["staging", "prod"],
    check: ({ sound }): Finding[] =>
      sound.tracing?.exporter === "console"
        ? [{ at: ["tracing", "exporter"], found: '"console"', allowed: "`xray`: `console` is for dev" }]
        : [],
  },
  {
    id: "collector-image",
    mode: "saas",
    control: "RT-1",
    check: facts => {
      const at = ["platformImages", "telemetry-collector"];
      // A digest that is there but faulty has a fault of its own.
      const traced = tracedServices(facts);
      if (traced.length === 0 || valueAt(facts.values, at) !== undefined) return [];
      const allowed = "the digest of the collector's image: `sha256:` and 64 hexadecimal digits";
      return [{ at, found: `nothing, although ${listNames(traced)} is traced`, allowed }];
    },
  },
  {
    id: "baseline-said",
    mode: "saas",
    control: "PF-2",
    environments: ["prod"],
    check: ({ values: { accountBaseline } }): Finding[] => {
      const at = ["accountBaseline"];
      const allowed = "`true`, or `false` where the organisation has it already: prod says which";
      if (accountBaseline === undefined)
        return [
          { at, found: "nothing", allowed: `a mapping with ${listNames(accountBaselineParts)}: each ${allowed}` },
        ];
      // What is no mapping has a fault of its own.
      if (!isTree(accountBaseline)) return [];
      return accountBaselineParts
        .filter(part => accountBaseline[part] === undefined)
        .map(part => ({ at: [...at, part], found: "nothing", allowed }));
    },
  },
];

function tracedServices({ sound, catalog }: Facts): string[] {
  return Object.keys(sound.workloads ?? {}).flatMap(name =>
    Object.entries(catalog.get(name)?.services ?? {})
      .filter(([, service]) => service.tracing)
      .map(([service]) => `${name}/${service}`),
  );
}
