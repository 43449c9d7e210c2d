// AWS components: what the edge's firewall does for one host name: quotas of tenants, large bodies. Pure (SP-9).
import type * as aws from "@pulumi/aws/types";
import type { Workload } from "../../workload/workload";

type Rule = aws.input.wafv2.WebAclRule;
type Statement = aws.input.wafv2.WebAclRuleStatement;

/** A host name of the edge whose requests are treated in a way of their own. */
export interface EdgeHost {
  /** Workload behind it; part of the names of its rules. */
  name: string;
  hostName: string;
  /** Takes bodies that the firewall can inspect only the beginning of. */
  largeBodies: boolean;
  /** Tenants, by the value of `header`, with the requests per minute each may make. */
  quotas?: { header: string; requestsPerMinute: Record<string, number> };
}

/** The host of a public workload with what its specification and its stack say. */
export function edgeHost(
  { name, services, tenancy }: Workload,
  hostName: string,
  tenants: Record<string, { requestsPerMinute?: number }> = {},
): EdgeHost {
  const open = Object.values(services).filter(({ network }) => network.exposure === "public");
  return {
    name,
    hostName,
    largeBodies: open.some(({ network }) => network.largeBodies),
    ...(tenancy && {
      quotas: {
        header: tenancy.header,
        requestsPerMinute: Object.fromEntries(
          Object.entries(tenants).map(([id, own]) => [id, own.requestsPerMinute ?? tenancy.requestsPerMinute]),
        ),
      },
    }),
  };
}

/** AWS WAF's own, which nobody can have raised: rate-based rules of a web ACL, characters of a pattern, capacity units. */
export const limits = { rateBasedRules: 10, patternCharacters: 200, capacityUnits: 5000 } as const;

/** The core rule set's own bound on bodies, which it cannot keep for some hosts only. */
const largeBody: Statement = {
  sizeConstraintStatement: {
    fieldToMatch: { body: { oversizeHandling: "MATCH" } },
    comparisonOperator: "GT",
    size: 8192,
    textTransformations: [{ priority: 0, type: "NONE" }],
  },
};

/** The rules of all hosts; they follow AWS's managed groups, so a quota counts only what would otherwise pass. */
export function hostRules(hosts: readonly EdgeHost[]): Rule[] {
  const large = hosts.filter(({ largeBodies }) => largeBodies).map(({ hostName }) => ofHost(hostName));
  const rules: Omit<Rule, "priority">[] = [
    // What the core rule set then only counts is refused here, for all other hosts.
    ...(large.length > 0
      ? [
          blocking("large-bodies", 413, {
            andStatement: {
              statements: [largeBody, { notStatement: { statements: [anyOf(large)] } }],
            },
          }),
        ]
      : []),
    ...hosts.flatMap(tenantRules),
  ];
  return rules.map((rule, i) => ({ ...rule, priority: 100 + i }));
}

function tenantRules({ name, hostName, quotas }: EdgeHost): Omit<Rule, "priority">[] {
  if (!quotas) return [];
  const { header, requestsPerMinute } = quotas;
  const host = ofHost(hostName);
  return [
    // Unknown tenants as well: every made-up name would have a quota of its own.
    blocking(`${name}-tenant-unknown`, 400, {
      andStatement: {
        statements: [host, { notStatement: { statements: [ofTenants(header, Object.keys(requestsPerMinute))] } }],
      },
    }),
    ...byQuota(requestsPerMinute).map(([perMinute, tenants]) =>
      blocking(`${name}-tenant-quota-${perMinute}`, 429, {
        rateBasedStatement: {
          ...rate(perMinute),
          // By header alone: the host is in the scope, where its spelling cannot split the count.
          aggregateKeyType: "CUSTOM_KEYS",
          customKeys: [{ header: { name: header, textTransformations: [{ priority: 0, type: "NONE" }] } }],
          scopeDownStatement: { andStatement: { statements: [host, ofTenants(header, tenants)] } },
        },
      }),
    ),
  ];
}

/** Tenants by the quota they share; each quota is a rule. */
export function byQuota(requestsPerMinute: Record<string, number>): [number, string[]][] {
  const groups = new Map<number, string[]>();
  for (const [tenant, perMinute] of Object.entries(requestsPerMinute))
    groups.set(perMinute, [...(groups.get(perMinute) ?? []), tenant]);
  return [...groups].sort(([a], [b]) => a - b);
}

/** The shortest of AWS WAF's windows in which the quota is at least ten requests, the fewest it can limit to. */
export function rate(perMinute: number): { limit: number; evaluationWindowSec: number } {
  const window = [60, 120, 300, 600].find(seconds => (perMinute * seconds) / 60 >= 10) ?? 600;
  return { limit: Math.max(10, Math.floor((perMinute * window) / 60)), evaluationWindowSec: window };
}

/** As the load balancer matches host names: in any spelling, with or without port. */
function ofHost(hostName: string): Statement {
  return {
    byteMatchStatement: {
      fieldToMatch: { singleHeader: { name: "host" } },
      positionalConstraint: "STARTS_WITH",
      searchString: hostName,
      textTransformations: [{ priority: 0, type: "LOWERCASE" }],
    },
  };
}

function ofTenants(header: string, tenants: readonly string[]): Statement {
  return anyOf(
    tenantPatterns(tenants).map(regexString => ({
      regexMatchStatement: {
        fieldToMatch: { singleHeader: { name: header } },
        regexString,
        textTransformations: [{ priority: 0, type: "NONE" }],
      },
    })),
  );
}

/** As few patterns as AWS WAF's limit on their length allows; together they match just these tenants. */
export function tenantPatterns(tenants: readonly string[]): string[] {
  const alternatives: string[] = [];
  for (const tenant of tenants) {
    const last = alternatives.at(-1);
    const longer = last === undefined ? undefined : `${last}|${tenant}`;
    if (longer !== undefined && longer.length + "^()$".length <= limits.patternCharacters)
      alternatives[alternatives.length - 1] = longer;
    else alternatives.push(tenant);
  }
  return alternatives.map(names => `^(${names})$`);
}

/** AWS WAF refuses an `or` of one. */
function anyOf(statements: Statement[]): Statement {
  const [first, ...others] = statements;
  if (!first) throw new Error("`statements` is empty; a rule needs one");
  return others.length > 0 ? { orStatement: { statements } } : first;
}

function blocking(name: string, responseCode: number, statement: Statement): Omit<Rule, "priority"> {
  return {
    name,
    action: { block: { customResponse: { responseCode } } },
    statement,
    visibilityConfig: { metricName: name, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false },
  };
}
