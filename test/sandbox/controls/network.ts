// Sandbox tests: controls over the network: subnets, security groups, names that can be resolved (SA-2, SA-9, RT-27, SP-12, SP-13, CP-6, CP-7).
import { type AwsApi, find, type Xml } from "../aws-api";
import { type Control, control, first, same, those, withoutSuffix } from "./control";

interface Rule {
  egress: boolean;
  from: number;
  to: number;
  /** Whole address ranges; none where the peer is a group or a prefix list. */
  ranges: string[];
  /** The other group, where the peer is one. */
  peer?: string;
  /** Whose rule it is. */
  group: string;
  ofEdge: boolean;
}

/** Rules of every group but the default one of the VPC AWS makes by itself. */
async function securityGroupRules(api: AwsApi): Promise<[string, Rule][]> {
  const balancers = await api.query("elasticloadbalancing", "DescribeLoadBalancers");
  const edge = find(balancers, "SecurityGroups/member").map(String);
  const vpcs = find(await api.query("ec2", "DescribeVpcs"), "vpcSet/item").map(first);
  const own = vpcs.filter(at => at("isDefault") !== "true").map(at => at("vpcId"));
  const groups = find(await api.query("ec2", "DescribeSecurityGroups"), "securityGroupInfo/item").map(first);
  const names = new Map(
    groups.filter(at => own.includes(at("vpcId"))).map(at => [at("groupId") ?? "", at("groupName") ?? ""]),
  );
  const rules = find(await api.query("ec2", "DescribeSecurityGroupRules"), "securityGroupRuleSet/item").map(first);
  return rules
    .filter(at => names.has(at("groupId") ?? ""))
    .map(at => {
      const group = at("groupId") ?? "";
      const rule: Rule = {
        egress: at("isEgress") === "true",
        from: Number(at("fromPort")),
        to: Number(at("toPort")),
        ranges: [at("cidrIpv4"), at("cidrIpv6")].filter(range => range !== undefined),
        peer: at("referencedGroupInfo/groupId") ?? at("prefixListId"),
        group: names.get(group) ?? "",
        ofEdge: edge.includes(group),
      };
      return [
        `${names.get(group)} ${rule.egress ? "egress" : "ingress"} ${rule.from} ${at("securityGroupRuleId")}`,
        rule,
      ];
    });
}

interface Subnet {
  tier: string;
  publicAddresses: boolean;
  defaultRoute?: string;
}

/** Subnets of the platform's VPC with the way their default route goes. */
async function subnets(api: AwsApi): Promise<[string, Subnet][]> {
  const tables = find(await api.query("ec2", "DescribeRouteTables"), "routeTableSet/item");
  const found = find(await api.query("ec2", "DescribeSubnets"), "subnetSet/item");
  return found
    .map(node => ({ at: first(node), name: tagOf(node, "Name") }))
    .filter(({ name }) => name !== undefined)
    .map(({ at, name = "" }) => {
      const table = tables.find(node => find(node, "associationSet/item/subnetId").includes(at("subnetId") ?? ""));
      const route = find(table ?? "", "routeSet/item")
        .map(first)
        .find(at => at("destinationCidrBlock") === "0.0.0.0/0");
      return [
        name,
        {
          tier: /-(public|private|data)-/.exec(name)?.[1] ?? "",
          publicAddresses: at("mapPublicIpOnLaunch") !== "false",
          defaultRoute: route?.("gatewayId") ?? route?.("natGatewayId"),
        },
      ];
    });
}

function tagOf(node: Xml, key: string): string | undefined {
  const tag = find(node, "tagSet/item")
    .map(first)
    .find(at => at("key") === key);
  return tag?.("value");
}

/** The rules of one group, as one resource: none is a fault that would otherwise not be seen. */
const rulesOf =
  (...groups: string[]) =>
  async (api: AwsApi): Promise<[string, Rule[]][]> => {
    const rules = (await securityGroupRules(api)).map(([, rule]) => rule);
    return groups.map(group => [group, rules.filter(rule => withoutSuffix(rule.group) === group)]);
  };

/** Addresses outside that a machine may reach: what Telegram, Google and Canonical publish as theirs. */
const machineRanges: Record<number, readonly string[]> = {
  443: [
    "149.154.160.0/20",
    "2001:67c:4e8::/48",
    "142.250.0.0/15",
    "172.217.0.0/16",
    "216.58.192.0/19",
    "2a00:1450:4000::/36",
  ],
  80: ["91.189.88.0/21", "185.125.188.0/22", "2620:2d:4000::/44"],
};

const ranges = (rules: readonly Rule[], port: number) =>
  rules.filter(({ egress, to }) => egress && to === port).flatMap(rule => rule.ranges);

const isWhole = (range: string) => range === "0.0.0.0/0" || range === "::/0";

interface DnsRule {
  Priority: number;
  Action: string;
  BlockResponse?: string;
  domains: string[];
}

interface DnsFirewall {
  associations: { VpcId: string; Status: string }[];
  /** In order of priority. */
  rules: DnsRule[];
  failOpen?: string;
  queriesLogged: boolean;
}

/** The firewall of each VPC but the default one. */
async function dnsFirewalls(api: AwsApi): Promise<[string, DnsFirewall][]> {
  const ask = <T>(action: string, input = {}) => api.json<T>("route53resolver", action, input);
  const { FirewallRuleGroupAssociations } = await ask<{
    FirewallRuleGroupAssociations: { VpcId: string; Status: string; FirewallRuleGroupId: string }[];
  }>("ListFirewallRuleGroupAssociations");
  const { FirewallConfigs } = await ask<{ FirewallConfigs: { ResourceId: string; FirewallFailOpen: string }[] }>(
    "ListFirewallConfigs",
  );
  const { ResolverQueryLogConfigAssociations: logs } = await ask<{
    ResolverQueryLogConfigAssociations: { ResourceId: string; Status: string }[];
  }>("ListResolverQueryLogConfigAssociations");
  const vpcs = find(await api.query("ec2", "DescribeVpcs"), "vpcSet/item").map(first);
  return Promise.all(
    vpcs
      .filter(at => at("isDefault") !== "true")
      .map(async (at): Promise<[string, DnsFirewall]> => {
        const vpc = at("vpcId") ?? "";
        const associations = FirewallRuleGroupAssociations.filter(({ VpcId }) => VpcId === vpc);
        const groups = await Promise.all(
          associations.map(({ FirewallRuleGroupId }) =>
            ask<{ FirewallRules: (DnsRule & { FirewallDomainListId: string })[] }>("ListFirewallRules", {
              FirewallRuleGroupId,
            }),
          ),
        );
        const rules = await Promise.all(
          groups
            .flatMap(({ FirewallRules }) => FirewallRules)
            .map(async rule => {
              const { FirewallDomainListId } = rule;
              const { Domains } = await ask<{ Domains: string[] }>("ListFirewallDomains", { FirewallDomainListId });
              return { ...rule, domains: Domains };
            }),
        );
        return [
          vpc,
          {
            associations,
            rules: rules.sort((a, b) => a.Priority - b.Priority),
            failOpen: FirewallConfigs.find(({ ResourceId }) => ResourceId === vpc)?.FirewallFailOpen,
            queriesLogged: logs.some(({ ResourceId, Status }) => ResourceId === vpc && Status === "ACTIVE"),
          },
        ];
      }),
  );
}

/** Hosts that the specifications and Pulumi.dev.yaml name, and the archives from which a machine takes its packages. */
const hosts = [
  "a2a.dev.example.com",
  "api.telegram.org",
  "generativelanguage.googleapis.com",
  "archive.ubuntu.com",
  "security.ubuntu.com",
];

export const networkControls: readonly Control[] = [
  control("SA-9", "the internet reaches the edge's port and nothing else", securityGroupRules, {
    "lets in no range but on 443 of the edge": ({ egress, ranges, ofEdge, from, to }) =>
      egress || ranges.length === 0 || (ofEdge && from === 443 && to === 443),
    "lets out to no range but on 443, a machine to its packages besides": ({ egress, ranges, from, to }) =>
      !egress ||
      ranges.length === 0 ||
      (from === to && (to === 443 || (to === 80 && ranges.every(range => machineRanges[80]?.includes(range))))),
    "names one port": ({ from, to }) => from === to && from > 0,
  }),
  control(
    "RT-27",
    "egress proxies alone reach any address",
    those(securityGroupRules, (_, { egress, ranges }) => egress && ranges.some(isWhole)),
    {
      "is the proxy's, on 443": ({ group, from, to }) =>
        withoutSuffix(group) === "router-dev-poller-egress" && from === 443 && to === 443,
    },
  ),
  control("RT-27", "the router reaches AWS inside the VPC and its proxy, nothing else", rulesOf("router-dev-poller"), {
    "reaches its proxy": rules => rules.some(({ egress, to }) => egress && to === 4750),
    "reaches no address by itself": rules =>
      rules.filter(({ egress }) => egress).every(rule => rule.ranges.length === 0),
    "lets nobody in": rules => rules.every(({ egress }) => egress),
  }),
  control("SP-13", "ScriptPulse reaches AWS inside the VPC, and nothing else", rulesOf("scriptpulse-dev-api"), {
    "reaches no address": rules => rules.filter(({ egress }) => egress).every(rule => rule.ranges.length === 0),
    "reaches endpoints on 443 only": rules => rules.filter(({ egress }) => egress).every(({ to }) => to === 443),
  }),
  control("SP-12", "ScriptPulse is reached from the edge and by nobody else", rulesOf("scriptpulse-dev-api"), {
    "has one way in, from a group": rules => {
      const ingress = rules.filter(({ egress }) => !egress);
      return (
        ingress.length === 1 && ingress.every(({ peer, ranges }) => peer?.startsWith("sg-") && ranges.length === 0)
      );
    },
  }),
  control(
    "CP-6",
    "machines have no inbound port",
    rulesOf("content-pipeline-dev-editorbot", "content-pipeline-dev-renderer"),
    { "lets nobody in": rules => rules.length > 0 && rules.every(({ egress }) => egress) },
  ),
  control("CP-7", "a machine reaches named ranges of both families", rulesOf("content-pipeline-dev-editorbot"), {
    "reaches its hosts on 443": rules => same(ranges(rules, 443), machineRanges[443] ?? []),
    "reaches its packages on 80": rules => same(ranges(rules, 80), machineRanges[80] ?? []),
    "reaches no range on other ports": rules =>
      rules.every(({ egress, to, ranges }) => !egress || ranges.length === 0 || [80, 443].includes(to)),
  }),
  control("SA-2", "subnets lead where their tier may go", subnets, {
    "gives no public addresses": subnet => !subnet.publicAddresses,
    "has the way out of its tier": ({ tier, defaultRoute = "none" }) =>
      ({ public: /^igw-/, private: /^nat-/, data: /^none$/ })[tier]?.test(defaultRoute) ?? false,
  }),
  control("SP-13", "inside the VPC only names that somebody needs are resolved", dnsFirewalls, {
    "is in force": ({ associations }) => associations.length === 1 && associations[0]?.Status === "COMPLETE",
    "ends by refusing every name": ({ rules }) => {
      const last = rules.at(-1);
      return last?.Action === "BLOCK" && last.BlockResponse === "NXDOMAIN" && last.domains.join() === "*";
    },
    "allows no name wholesale": ({ rules }) => rules.slice(0, -1).every(({ domains }) => !domains.includes("*")),
    "allows hosts that are named, and AWS's own": ({ rules }) =>
      rules
        .filter(({ Action }) => Action !== "BLOCK")
        .flatMap(({ domains }) => domains)
        .every(
          domain =>
            hosts.includes(domain) || /^\*\.eu-central-1\.((rds\.)?amazonaws\.com|compute\.internal)$/.test(domain),
        ),
    "stays closed when it fails": ({ failOpen }) => failOpen === "DISABLED",
    "writes down every query": ({ queriesLogged }) => queriesLogged,
  }),
  control("RT-27", "names of the hosts that are called can be resolved", dnsFirewalls, {
    "allows each of them": ({ rules }) => {
      const allowed = rules.filter(({ Action }) => Action === "ALLOW").flatMap(({ domains }) => domains);
      return hosts.every(host => allowed.includes(host));
    },
  }),
];
