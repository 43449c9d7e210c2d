// Sandbox tests: controls over the edge and its firewall (SA-6, SA-12, SP-5, SP-9, SP-12, IS-5).
import { type AwsApi, find } from "../aws-api";
import { type Control, control, dev, first, type Texts } from "./control";

interface WafStatement {
  RateBasedStatement?: {
    Limit: number;
    EvaluationWindowSec: number;
    AggregateKeyType: string;
    CustomKeys?: { Header?: { Name: string } }[];
    ScopeDownStatement?: WafStatement;
  };
  AndStatement?: { Statements: WafStatement[] };
  NotStatement?: { Statement: WafStatement };
  OrStatement?: { Statements: WafStatement[] };
  ByteMatchStatement?: { FieldToMatch: HeaderField; SearchString: string };
  RegexMatchStatement?: { FieldToMatch: HeaderField; RegexString: string };
}

interface HeaderField {
  SingleHeader?: { Name: string };
}

interface FirewallRule {
  Name: string;
  Action?: { Block?: object } | null;
  Statement: WafStatement;
}

interface Edge {
  listeners: Texts[];
  attributes: Map<string, string>;
  rules: FirewallRule[];
}

async function edges(api: AwsApi): Promise<[string, Edge][]> {
  const balancers = find(await api.query("elasticloadbalancing", "DescribeLoadBalancers"), "LoadBalancers/member").map(
    first,
  );
  return Promise.all(
    balancers.map(async (at): Promise<[string, Edge]> => {
      const LoadBalancerArn = at("LoadBalancerArn") ?? "";
      const listeners = await api.query("elasticloadbalancing", "DescribeListeners", { LoadBalancerArn });
      const attributes = await api.query("elasticloadbalancing", "DescribeLoadBalancerAttributes", { LoadBalancerArn });
      const { WebACL } = await api.json<{
        WebACL?: { Rules: FirewallRule[] };
      }>("wafv2", "GetWebACLForResource", { ResourceArn: LoadBalancerArn });
      return [
        at("LoadBalancerName") ?? "",
        {
          listeners: find(listeners, "Listeners/member").map(first),
          attributes: new Map(
            find(attributes, "Attributes/member")
              .map(first)
              .map(at => [at("Key") ?? "", at("Value") ?? ""]),
          ),
          rules: WebACL?.Rules ?? [],
        },
      ];
    }),
  );
}

/** Every statement in a statement, and itself. */
function parts(statement: WafStatement | undefined): WafStatement[] {
  if (!statement) return [];
  const { AndStatement: and, OrStatement: or, NotStatement: not } = statement;
  return [statement, ...[...(and?.Statements ?? []), ...(or?.Statements ?? []), not?.Statement].flatMap(parts)];
}

const ofHost = (statement: WafStatement | undefined, host: string) =>
  parts(statement).some(
    ({ ByteMatchStatement: match }) =>
      match?.FieldToMatch.SingleHeader?.Name === "host" &&
      Buffer.from(match.SearchString, "base64").toString() === host,
  );

/** Tenants whose name in the header a statement lets through. */
const tenantsOf = (statement: WafStatement | undefined) =>
  parts(statement)
    .filter(({ RegexMatchStatement: match }) => match?.FieldToMatch.SingleHeader?.Name === "x-tenant-id")
    .flatMap(
      ({ RegexMatchStatement: match }) => /^\^\((.*)\)\$$/.exec(match?.RegexString ?? "")?.[1]?.split("|") ?? [],
    );

const scriptpulse = "scriptpulse.dev.example.com";

/** The quotas of ScriptPulse's tenants. */
const quotas = ({ rules }: Edge) =>
  rules
    .filter(({ Action }) => Action?.Block)
    .map(({ Statement }) => Statement.RateBasedStatement)
    .filter(rate => ofHost(rate?.ScopeDownStatement, scriptpulse));

async function routes(api: AwsApi): Promise<[string, Texts][]> {
  const listeners = (await edges(api)).flatMap(([, { listeners }]) => listeners);
  const answers = await Promise.all(
    listeners.map(at => api.query("elasticloadbalancing", "DescribeRules", { ListenerArn: at("ListenerArn") ?? "" })),
  );
  return answers
    .flatMap(answer => find(answer, "Rules/member"))
    .map((node): [string, Texts] => [first(node)("HostHeaderConfig/Values/member") ?? "any host", first(node)]);
}

async function targetGroups(api: AwsApi): Promise<[string, Texts][]> {
  const answer = await api.query("elasticloadbalancing", "DescribeTargetGroups");
  return find(answer, "TargetGroups/member")
    .map(first)
    .map(at => [at("TargetGroupName") ?? "", at]);
}

export const edgeControls: readonly Control[] = [
  control("SA-6", "the edge speaks TLS 1.2 and later", edges, {
    "has one listener, on 443": ({ listeners }) => listeners.map(at => at("Port")).join() === "443",
    "443 is TLS 1.2 or later": ({ listeners }) =>
      listeners.every(
        at => at("Protocol") === "HTTPS" && /^ELBSecurityPolicy-TLS13-1-[23]-2021-06$/.test(at("SslPolicy") ?? ""),
      ),
  }),
  control("SP-5", "the edge speaks TLS 1.3 and nothing before it, since one of its workloads says so", edges, {
    "443 is TLS 1.3": ({ listeners }) =>
      listeners.every(at => at("SslPolicy") === "ELBSecurityPolicy-TLS13-1-3-2021-06"),
  }),
  control("SA-6", "the edge speaks TLS with the services behind it", targetGroups, {
    "is TLS": at => at("Protocol") === "HTTPS" && at("HealthCheckProtocol") === "HTTPS",
  }),
  control("SA-12", "the edge defends itself", edges, {
    "has a firewall with the stack's rate limit": ({ rules }) =>
      rules.some(
        ({ Action, Statement: { RateBasedStatement: rate } }) =>
          Action?.Block && rate?.AggregateKeyType === "IP" && rate.Limit === dev.rateLimit,
      ),
    "passes nothing without it": ({ attributes }) => attributes.get("waf.fail_open.enabled") === "false",
    "refuses ambiguous requests": ({ attributes }) =>
      attributes.get("routing.http.desync_mitigation_mode") === "strictest" &&
      attributes.get("routing.http.drop_invalid_header_fields.enabled") === "true",
  }),
  control("SP-9", "no tenant can use up what the others need", edges, {
    "counts each tenant for itself": edge =>
      quotas(edge).length > 0 &&
      quotas(edge).every(
        rate =>
          rate?.AggregateKeyType === "CUSTOM_KEYS" &&
          rate.CustomKeys?.map(key => key.Header?.Name).join() === "x-tenant-id",
      ),
    "counts every tenant": edge =>
      quotas(edge)
        .flatMap(rate => tenantsOf(rate?.ScopeDownStatement))
        .sort()
        .join() === [...dev.tenants].sort().join(),
    "stops at the quota of the specification": edge =>
      quotas(edge).every(rate => rate && (rate.Limit * 60) / rate.EvaluationWindowSec === 60),
    "refuses unknown tenants": ({ rules }) =>
      rules.some(
        ({ Action, Statement }) =>
          Action?.Block &&
          ofHost(Statement, scriptpulse) &&
          parts(Statement).some(
            ({ NotStatement: not }) => tenantsOf(not?.Statement).sort().join() === [...dev.tenants].sort().join(),
          ),
      ),
  }),
  control("IS-5", "the edge leads each host name to its workload, and any other nowhere", routes, {
    "leads there alone": at => {
      const [workload] = at("HostHeaderConfig/Values/member")?.split(".") ?? [];
      const target = at("Actions/member/TargetGroupArn") ?? "";
      return workload === undefined
        ? at("Actions/member/Type") === "fixed-response" && target === ""
        : at("Actions/member/Type") === "forward" && target.includes(`:targetgroup/${workload}-dev-`);
    },
  }),
  control("RT-23", "the edge keeps access logs", edges, {
    "has access logs": ({ attributes }) => attributes.get("access_logs.s3.enabled") === "true",
  }),
];
