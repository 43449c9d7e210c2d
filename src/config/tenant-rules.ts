// Config: rules of what workloads with several tenants, or with TLS 1.3 only, ask of a stack (SP-9, SP-12, SP-14).
import type { Workload } from "../workload/workload";
import { listNames } from "./faults";
import { isTree, valueAt } from "./paths";
import type { Facts, Finding, Rule } from "./rule";

function chosen({ sound, catalog }: Facts): [string, Workload][] {
  return Object.keys(sound.workloads ?? {}).flatMap((name): [string, Workload][] => {
    const specification = catalog.get(name);
    return specification ? [[name, specification]] : [];
  });
}

/** A role's policies have room for so many keys of tenants. */
const mostTenants = 90;

export const tenantRules: readonly Rule[] = [
  {
    id: "tenants",
    control: "SP-9",
    check: facts =>
      chosen(facts).flatMap(([name, { tenancy }]): Finding[] => {
        const at = ["workloads", name, "tenants"];
        // Judged on what was written: a tenant that is there but faulty has a fault of its own.
        const written = valueAt(facts.values, at);
        const count = isTree(written) ? Object.keys(written).length : 0;
        if (!tenancy)
          return written === undefined
            ? []
            : [{ at, found: "tenants", allowed: `nothing: \`${name}\` has no tenancy` }];
        if (count > mostTenants) return [{ at, found: `${count} tenants`, allowed: `at most ${mostTenants}` }];
        const missing = written === undefined || (isTree(written) && count === 0);
        return missing ? [{ at, found: "nothing", allowed: "at least one tenant, such as `acme: {}`" }] : [];
      }),
  },
  {
    id: "log-router-image",
    mode: "saas",
    control: "RT-1",
    check: facts => {
      const routed = chosen(facts)
        .filter(([, { services }]) => Object.values(services).some(({ logs }) => logs.some(log => log.fields)))
        .map(([name]) => name);
      const at = ["platformImages", "log-shipper"];
      if (routed.length === 0 || valueAt(facts.values, at) !== undefined) return [];
      return [
        {
          at,
          found: "nothing",
          allowed: `the digest of AWS for Fluent Bit, which routes the logs of ${listNames(routed)}`,
        },
      ];
    },
  },
  {
    id: "clear-text-port",
    mode: "saas",
    control: "SP-12",
    check: facts => {
      if (facts.sound.edge?.redirectHttp !== true) return [];
      const strict = chosen(facts)
        .filter(([, { services }]) =>
          Object.values(services).some(({ network }) => network.exposure === "public" && network.minimumTls === "1.3"),
        )
        .map(([name]) => name);
      if (strict.length === 0) return [];
      return [
        {
          at: ["edge", "redirectHttp"],
          found: "true",
          allowed: `\`false\`: ${listNames(strict)} takes calls over TLS 1.3 only, and port 80 is none of it`,
        },
      ];
    },
  },
];
