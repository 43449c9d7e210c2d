// AWS components: the web application firewall in front of the edge, and its log (SA-12, SP-9).
import type * as aws from "@pulumi/aws/types";
import * as wafv2 from "@pulumi/aws/wafv2";
import * as pulumi from "@pulumi/pulumi";
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
  /** Encrypts the log (SA-7). */
  logKeyArn: pulumi.Input<string>;
  /** Least number of days the log is kept (RT-23). */
  logRetentionDays: number;
  /** Sink the log is sent to besides (PF-2). */
  sink?: LogDestinations;
}

/** @throws Error if `rateLimit` is not one AWS WAF takes. */
export class EdgeFirewall extends pulumi.ComponentResource {
  readonly webAclArn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: EdgeFirewallArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:EdgeFirewall", name, {}, options);
    const acl = new wafv2.WebAcl(
      name,
      {
        description: `Edge ${name}`,
        scope: "REGIONAL",
        defaultAction: { allow: {} },
        rules: firewallRules(args.rateLimit ?? 2000, args.largeBodies ?? "block"),
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
        // Tokens and sessions stay out of the log (PF-7).
        redactedFields: [{ singleHeader: { name: "authorization" } }, { singleHeader: { name: "cookie" } }],
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
