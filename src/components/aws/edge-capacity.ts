// AWS components: what the hosts of an edge need of its web ACL, counted before there is one. Pure (SP-9).
import { byQuota, type EdgeHost, limits, tenantPatterns } from "./edge-hosts";

/** Capacity units of statements, as AWS WAF counts them. */
const units = { byteMatch: 2, lowercase: 10, regexMatch: 3, sizeConstraint: 1, rateBased: 2, customKey: 30 } as const;

/** Web ACL capacity units and rate-based rules that the hosts need. */
export function hostCapacity(hosts: readonly EdgeHost[]): { capacityUnits: number; rateBasedRules: number } {
  const host = units.byteMatch + units.lowercase;
  const tenants = (names: readonly string[]) => tenantPatterns(names).length * units.regexMatch;
  const large = hosts.filter(({ largeBodies }) => largeBodies).length;
  let capacityUnits = large > 0 ? units.sizeConstraint + large * host : 0;
  let rateBasedRules = 0;
  for (const { quotas } of hosts) {
    if (!quotas) continue;
    const groups = byQuota(quotas.requestsPerMinute);
    rateBasedRules += groups.length;
    capacityUnits += host + tenants(Object.keys(quotas.requestsPerMinute));
    for (const [, names] of groups) capacityUnits += units.rateBased + units.customKey + host + tenants(names);
  }
  return { capacityUnits, rateBasedRules };
}

/**
 * @param taken What the rules of the edge itself need.
 * @throws Error naming the hosts, if they need more than a web ACL has, or one has no tenants.
 */
export function requireHosts(hosts: readonly EdgeHost[], taken: { capacityUnits: number; rateBasedRules: number }) {
  for (const { name, quotas } of hosts)
    if (quotas && Object.keys(quotas.requestsPerMinute).length === 0)
      throw new Error(`\`hosts\` has \`${name}\` without tenants; allowed is one tenant or more (SP-9)`);
  const tenanted = hosts.filter(({ quotas }) => quotas);
  const who = tenanted
    .map(({ name, quotas }) => `\`${name}\` with ${Object.keys(quotas?.requestsPerMinute ?? {}).length} tenants`)
    .join(", ");
  const needed = hostCapacity(hosts);
  const rateBasedRules = taken.rateBasedRules + needed.rateBasedRules;
  if (rateBasedRules > limits.rateBasedRules)
    throw new Error(
      `\`hosts\` needs ${needed.rateBasedRules} different quotas (${who}); AWS WAF allows ${limits.rateBasedRules - taken.rateBasedRules}: let tenants share them`,
    );
  const capacityUnits = taken.capacityUnits + needed.capacityUnits;
  if (capacityUnits > limits.capacityUnits)
    throw new Error(
      `\`hosts\` needs ${needed.capacityUnits} capacity units (${who}); AWS WAF allows ${limits.capacityUnits - taken.capacityUnits}: too many tenants for one edge`,
    );
}
