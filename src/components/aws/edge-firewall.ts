// AWS components: the web application firewall in front of the edge, and its log (SA-12, SP-9).
import type * as aws from "@pulumi/aws/types";
import * as wafv2 from "@pulumi/aws/wafv2";
import * as pulumi from "@pulumi/pulumi";
import { requireHosts } from "./edge-capacity";
import { type EdgeHost, hostRules } from "./edge-hosts";
import { type LogDestinations, LogStream } from "./log-stream";

export interface EdgeFirewallArgs {
  loadBalancerArn: pulumi.Input<string>;
  /** Requests per client address in five minutes, 10 to 2 000 000 000; above it the answer is 429. Default 2000. */
  rateLimit?: number;
  /**
   * Bodies above 8 KiB, the most AWS WAF looks at behind a load balancer: `block` refuses them, `count` lets them pass
   * with only their beginning inspected, which an API that takes documents needs. Default `block`.
   */
  largeBodies?: "block" | "count";
  /** Host names with tenants, whose quotas it keeps, or with large bodies (SP-9); default none. */
  hosts?: EdgeHost[];
  /** Encrypts the log (SA-7). */
  logKeyArn: pulumi.Input<string>;
  /** Least number of days the log is kept (RT-23). */
  logRetentionDays: number;
  /** Sink the log is sent to besides (PF-2). */
  sink?: LogDestinations;
}

/** @throws Error if `rateLimit` is not one AWS WAF takes, or `hosts` needs more than a web ACL has. */
export class EdgeFirewall extends pulumi.ComponentResource {
  readonly webAclArn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: EdgeFirewallArgs, options?: pulumi.ComponentResourceOptions) {
    const hosts = args.hosts ?? [];
    requireFirewall(hosts);
    super("palisade:aws:EdgeFirewall", name, {}, options);
    const largeBodies = hosts.some(host => host.largeBodies) ? "count" : args.largeBodies;
    const acl = new wafv2.WebAcl(
      name,
      {
        description: `Edge ${name}`,
        scope: "REGIONAL",
        defaultAction: { allow: {} },
        rules: [...firewallRules(args.rateLimit ?? 2000, largeBodies ?? "block"), ...hostRules(hosts)],
        visibilityConfig: visibility("edge"),
      },
      { parent: this },
    );
    const log = new LogStream(
      `${name}-log`,
      {
        // AWS WAF writes to log groups of this prefix only.
        logGroupName: `aws-waf-logs-${name}`,
        keyArn: args.logKeyArn,
        retentionDays: args.logRetentionDays,
        sink: args.sink,
      },
      { parent: this },
    );
    new wafv2.WebAclLoggingConfiguration(
      name,
      {
        resourceArn: acl.arn,
        logDestinationConfigs: [log.logGroupArn],
        // Tokens, sessions and what callers put into a query stay out of the log (PF-7, SP-6); bodies are never in it.
        redactedFields: [
          { singleHeader: { name: "authorization" } },
          { singleHeader: { name: "cookie" } },
          { queryString: {} },
        ],
      },
      { parent: this },
    );
    new wafv2.WebAclAssociation(name, { resourceArn: args.loadBalancerArn, webAclArn: acl.arn }, { parent: this });

    this.webAclArn = acl.arn;
    this.logGroupName = log.logGroupName;
    this.registerOutputs({ webAclArn: this.webAclArn, logGroupName: this.logGroupName });
  }
}

/** AWS's managed rule groups, in the order they are asked: the cheap refusals first. */
const managedRuleGroups = [
  "AWSManagedRulesAmazonIpReputationList",
  "AWSManagedRulesCommonRuleSet",
  "AWSManagedRulesKnownBadInputsRuleSet",
  "AWSManagedRulesSQLiRuleSet",
];

/** What the rules below need of a web ACL: the groups' capacities, as AWS publishes them, and the limit by address. */
const capacity = { capacityUnits: 25 + 700 + 200 + 200 + 2, rateBasedRules: 1 };

/** @throws Error if the hosts need more than one web ACL has. Call it before anything is registered. */
export function requireFirewall(hosts: readonly EdgeHost[]): void {
  requireHosts(hosts, capacity);
}

/** The rules in order of priority. */
export function firewallRules(rateLimit: number, largeBodies: "block" | "count"): aws.input.wafv2.WebAclRule[] {
  if (!Number.isInteger(rateLimit) || rateLimit < 10 || rateLimit > 2_000_000_000)
    throw new Error(`\`rateLimit\` is ${rateLimit}; AWS WAF allows 10 to 2000000000`);
  return [
    {
      name: "rate-limit",
      priority: 0,
      action: { block: { customResponse: { responseCode: 429 } } },
      statement: { rateBasedStatement: { aggregateKeyType: "IP", evaluationWindowSec: 300, limit: rateLimit } },
      visibilityConfig: visibility("rate-limit"),
    },
    ...managedRuleGroups.map((group, i) => ({
      name: group,
      priority: 10 * (i + 1),
      // The group's own actions stand.
      overrideAction: { none: {} },
      statement: {
        managedRuleGroupStatement: {
          vendorName: "AWS",
          name: group,
          ...(group === "AWSManagedRulesCommonRuleSet" &&
            largeBodies === "count" && {
              ruleActionOverrides: [{ name: "SizeRestrictions_BODY", actionToUse: { count: {} } }],
            }),
        },
      },
      visibilityConfig: visibility(group),
    })),
  ];
}

/** Counted, but not sampled: a sample would show bodies and headers in the console, unredacted. */
function visibility(metricName: string) {
  return { metricName, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
