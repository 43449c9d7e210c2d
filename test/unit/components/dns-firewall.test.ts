import { expect, test } from "vitest";
import { awsNames, DnsFirewall, type DnsFirewallArgs } from "../../../src/components/aws/dns-firewall";
import { only, type Registered } from "../record";
import { recordTypes } from "./samples";

const kinds = ["Config", "DomainList", "Rule", "RuleGroup", "RuleGroupAssociation"];
const types = [
  ...kinds.map(kind => `aws:route53/resolverFirewall${kind}:ResolverFirewall${kind}`),
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
  "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
  "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
];
const args: DnsFirewallArgs = {
  vpcId: "vpc-1",
  region: "eu-central-1",
  egress: { open: false, hosts: ["api.example.com", "peer.example.com"] },
  log: { logGroupName: "/palisade/dns", retentionDays: 90, keyArn: "arn:key" },
};

const build = (changes: Partial<DnsFirewallArgs> = {}) =>
  recordTypes(types, () => new DnsFirewall("dns", { ...args, ...changes }));
const firewall = (all: Registered[], kind: string, name?: string) =>
  only(all, `aws:route53/resolverFirewall${kind}:ResolverFirewall${kind}`, name).inputs;

test("the hosts of the workloads and AWS's own names of the region can be resolved, whatever they are aliases of", async () => {
  const all = await build();
  expect(firewall(all, "DomainList", "dns-allowed").domains).toEqual([
    "*.eu-central-1.amazonaws.com",
    "*.eu-central-1.rds.amazonaws.com",
    "*.eu-central-1.compute.internal",
    "api.example.com",
    "peer.example.com",
  ]);
  expect(firewall(all, "Rule", "dns-allowed")).toMatchObject({
    action: "ALLOW",
    firewallDomainListId: "dns-allowed-id",
    firewallDomainRedirectionAction: "TRUST_REDIRECTION_DOMAIN",
  });
});

test("everything else is blocked, after what is allowed", async () => {
  const all = await build();
  const rest = firewall(all, "Rule", "dns-rest");
  expect(rest).toMatchObject({ action: "BLOCK", blockResponse: "NXDOMAIN", firewallDomainListId: "dns-rest-id" });
  expect(firewall(all, "DomainList", "dns-rest").domains).toEqual(["*"]);
  expect(rest.priority).toBeGreaterThan(Number(firewall(all, "Rule", "dns-allowed").priority));
});

test("a stack with nothing to call resolves AWS only (SP-13)", async () => {
  const all = await build({ egress: { open: false, hosts: [] } });
  expect(firewall(all, "DomainList", "dns-allowed").domains).toEqual(awsNames("eu-central-1"));
});

test("where any host may be called, other names are logged and let through", async () => {
  const rest = firewall(await build({ egress: { open: true, hosts: [] } }), "Rule", "dns-rest");
  expect(rest.action).toBe("ALERT");
  expect(rest.blockResponse).toBeUndefined();
});

test("it holds for the VPC, and fails closed", async () => {
  const all = await build();
  expect(firewall(all, "Config")).toEqual({ resourceId: "vpc-1", firewallFailOpen: "DISABLED" });
  expect(firewall(all, "RuleGroupAssociation")).toMatchObject({ vpcId: "vpc-1", firewallRuleGroupId: "dns-id" });
});

test("every query is logged, encrypted, and kept", async () => {
  const all = await build();
  expect(only(all, "aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
    name: "/palisade/dns",
    kmsKeyId: "arn:key",
    retentionInDays: 90,
  });
  const association = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation";
  expect(only(all, association).inputs).toMatchObject({ resourceId: "vpc-1", resolverQueryLogConfigId: "dns-id" });
});

test("no name of AWS is one that others can have", () => {
  for (const name of [...awsNames("us-east-1"), ...awsNames("eu-west-1")])
    expect(name).toMatch(/^\*\.([a-z0-9-]+\.(rds\.)?amazonaws\.com|([a-z0-9-]+\.compute|ec2)\.internal)$/);
});
