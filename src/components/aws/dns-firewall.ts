// AWS components: DNS Firewall. Inside the VPC only the names that somebody there needs can be resolved; every query is logged (SP-13, RT-27).
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import type { Egress } from "../../workload/egress";
import { eksNames } from "./eks-endpoints";
import { LogStream, type LogStreamArgs } from "./log-stream";

export interface DnsFirewallArgs {
  vpcId: pulumi.Input<string>;
  region: string;
  /** All that the workloads of the stack may call. If that is any host, other names are logged as alerts, not refused. */
  egress: Egress;
  /** Whether nodes and pods of EKS stand in the VPC; default false. */
  kubernetes?: boolean;
  /** Where each query is written to. */
  log: LogStreamArgs;
}

export class DnsFirewall extends pulumi.ComponentResource {
  readonly queryLogGroupName: pulumi.Output<string>;

  constructor(name: string, args: DnsFirewallArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:DnsFirewall", name, {}, options);
    const { vpcId, region, egress } = args;
    const child = { parent: this };

    const group = new route53.ResolverFirewallRuleGroup(name, {}, child);
    const list = (suffix: string, domains: string[]) =>
      new route53.ResolverFirewallDomainList(`${name}-${suffix}`, { domains }, child).id;
    const rule = (suffix: string, domains: string[], args: Pick<route53.ResolverFirewallRuleArgs, RuleFields>) =>
      new route53.ResolverFirewallRule(
        `${name}-${suffix}`,
        { firewallRuleGroupId: group.id, firewallDomainListId: list(suffix, domains), ...args },
        child,
      );
    const rules = [
      rule("allowed", [...awsNames(region), ...(args.kubernetes ? eksNames(region) : []), ...egress.hosts], {
        priority: 100,
        action: "ALLOW",
        // A host behind a CDN is an alias of a name that nobody can list beforehand.
        firewallDomainRedirectionAction: "TRUST_REDIRECTION_DOMAIN",
      }),
      rule(
        "rest",
        ["*"],
        egress.open
          ? { priority: 200, action: "ALERT" }
          : { priority: 200, action: "BLOCK", blockResponse: "NXDOMAIN" },
      ),
    ];
    // Closed also while the firewall itself is out of order.
    const config = new route53.ResolverFirewallConfig(name, { resourceId: vpcId, firewallFailOpen: "DISABLED" }, child);
    new route53.ResolverFirewallRuleGroupAssociation(
      name,
      { firewallRuleGroupId: group.id, vpcId, priority: 101 },
      // In force only once it is whole: rules one by one would cut off what is allowed, or let through what is not.
      { parent: this, dependsOn: [...rules, config] },
    );

    const log = new LogStream(`${name}-queries`, args.log, child);
    const queryLog = new route53.ResolverQueryLogConfig(name, { destinationArn: log.logGroupArn }, child);
    new route53.ResolverQueryLogConfigAssociation(
      name,
      { resolverQueryLogConfigId: queryLog.id, resourceId: vpcId },
      child,
    );
    this.queryLogGroupName = log.logGroupName;
    this.registerOutputs({ queryLogGroupName: this.queryLogGroupName });
  }
}

type RuleFields = "priority" | "action" | "blockResponse" | "firewallDomainRedirectionAction";

/**
 * Names of AWS that a VPC cannot do without, of its own region only: the services behind the endpoints (image, secret,
 * log, bucket), databases, which have a level more, and the instances of the VPC itself. Names of Service Connect are in
 * no DNS. Whoever asks for one of these tells AWS, and nobody else.
 */
export function awsNames(region: string): string[] {
  const instances = region === "us-east-1" ? "*.ec2.internal" : `*.${region}.compute.internal`;
  return [`*.${region}.amazonaws.com`, `*.${region}.rds.amazonaws.com`, instances];
}
