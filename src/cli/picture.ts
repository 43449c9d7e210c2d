// CLI: from the engine's graph of resources to the parts a person thinks in, and the links between them. Pure.
import { type ByUrn, dependenciesOf, type EngineResource, kindOf, lineOf, nameOf, stackOf } from "./engine-resource";

/** One box: a component with all that is in it. */
export interface Part {
  id: string;
  /** What sets it apart within its owner, such as `backend`; empty where its kind does. */
  name: string;
  /** Its component's type in words, such as `Log sink`. */
  kind: string;
  /** Whether it is all of a workload, in a picture that is not of that one. */
  whole: boolean;
  /** What is in it, such as `5 KMS keys`; only what a person would ask for. */
  contents: string[];
  /** Component at the top of the stack that it belongs to, without the stack's name. */
  owner: string;
  /** Subnets its resources are placed in, or `vpc` for the network itself. */
  tier?: string;
}

export interface Link {
  from: string;
  to: string;
  /** Ports, where connections are meant; without them `from` uses `to`. */
  ports?: number[];
}

export interface Picture {
  stack: string;
  /** Range of the VPC. */
  range: string;
  parts: Part[];
  links: Link[];
}

/** Stands for everything outside; the one end of a link that no resource is. */
export const INTERNET = "internet";

/** Component that holds all of one workload. */
const WORKLOAD = "SaasWorkload";

/** Components that only hold others together: the parts are below them. */
const groups = new Set(["SaasFoundation", WORKLOAD, "WorkloadDatabases"]);

/** Components that serve another one of the same name, and are shown as part of it. */
const attendants = new Set(["DatabaseAlarms"]);

/** Resources worth a word inside their part, in the order they are named. */
const words: Readonly<Record<string, string>> = {
  Distribution: "CloudFront distribution",
  LoadBalancer: "load balancer",
  WebAcl: "firewall",
  CertificateAuthority: "private CA",
  Certificate: "certificate",
  Zone: "DNS zone",
  ResolverFirewallDomainList: "domain list",
  ResolverQueryLogConfig: "query log",
  HttpNamespace: "service namespace",
  Subnet: "subnet",
  NatGateway: "NAT gateway",
  EgressOnlyInternetGateway: "IPv6 gateway",
  FlowLog: "flow log",
  VpcEndpoint: "endpoint",
  Service: "ECS service",
  Group: "group of EC2 machines",
  Function: "Lambda function",
  Document: "SSM document",
  Instance: "RDS instance",
  Table: "DynamoDB table",
  FileSystem: "EFS file system",
  Queue: "SQS queue",
  Role: "role",
  Key: "KMS key",
  Bucket: "bucket",
  FirehoseDeliveryStream: "delivery stream",
  Repository: "repository",
  Secret: "secret",
  Parameter: "SSM parameter",
  Topic: "topic",
  LogGroup: "log group",
  Dashboard: "dashboard",
  ContributorInsightRule: "contributor rule",
  MetricAlarm: "alarm",
  Budget: "budget",
  Trail: "CloudTrail trail",
  Recorder: "AWS Config recorder",
  Detector: "GuardDuty detector",
  StandardsSubscription: "Security Hub standard",
};

/**
 * Reads the parts and their links out of the resources of one stack: with a part for each workload or, given the name of
 * one, with the parts of that workload and those of the foundation that it is linked to.
 */
export function picture(resources: readonly EngineResource[], workload?: string): Picture {
  const byUrn: ByUrn = new Map(resources.map(resource => [resource.urn, resource]));
  const members = groupBy(resources, resource => partOf(resource, byUrn, resources, workload)?.urn ?? "");
  const described = [...members].flatMap(([urn, own]): Part[] => {
    const top = byUrn.get(urn);
    return top ? [describe(top, own, byUrn)] : [];
  });
  const places = new Map(
    [...members].flatMap(([urn, own]) => {
      const top = byUrn.get(urn);
      return top ? own.map(resource => [resource.urn, idOf(top, byUrn)] as const) : [];
    }),
  );
  const traffic = resources.flatMap(resource => connections(resource, places)).filter(({ from, to }) => from !== to);
  const network = described.find(part => part.tier === "vpc")?.id;
  const uses = resources.flatMap(resource =>
    dependenciesOf(resource).flatMap((dependency): Link[] => {
      const [from, to] = [places.get(resource.urn), places.get(dependency)];
      // Where a part stands is shown by its place, and who talks to whom by the traffic.
      const shown = to === network || traffic.some(link => joins(link, from, to));
      return from && to && from !== to && !shown ? [{ from, to }] : [];
    }),
  );
  const links = [...merge(traffic), ...merge(uses)];
  const parts = described.filter(part => part.id === network || isShown(part, links, described, workload));
  const shown = new Set([INTERNET, ...parts.map(part => part.id)]);
  const [first] = resources;
  return {
    stack: first ? stackOf(first) : "",
    range: String(resources.find(resource => kindOf(resource) === "Vpc")?.inputs?.cidrBlock ?? ""),
    parts: parts.sort((a, b) => (a.id < b.id ? -1 : 1)),
    links: links.filter(({ from, to }) => shown.has(from) && shown.has(to)),
  };
}

/** Of all workloads, what holds something or is linked to something; of one, its own and what those are linked to. */
function isShown(part: Part, links: readonly Link[], parts: readonly Part[], workload: string | undefined): boolean {
  const near = links.flatMap(({ from, to }) => (from === part.id ? [to] : to === part.id ? [from] : []));
  if (part.contents.length === 0 && near.length === 0) return false;
  if (workload === undefined || part.owner === workload) return true;
  return !part.whole && parts.some(({ id, owner }) => owner === workload && near.includes(id));
}

/** The component that stands for a resource; none for the stack, its groups and its providers. */
function partOf(
  resource: EngineResource,
  byUrn: ByUrn,
  resources: readonly EngineResource[],
  workload: string | undefined,
): EngineResource | undefined {
  const line = lineOf(resource, byUrn);
  const [top] = line;
  if (top && kindOf(top) === WORKLOAD && ownerOf(top, byUrn) !== workload) return top;
  const part = line.find(ancestor => !groups.has(kindOf(ancestor)));
  // A provider stands beside the components at the top, and is none.
  if (!part || (part === top && !part.type.startsWith("palisade:"))) return undefined;
  if (!attendants.has(kindOf(part))) return part;
  const served = resources.find(
    other => other.parent === part.parent && nameOf(other) === nameOf(part) && !attendants.has(kindOf(other)),
  );
  return served ?? part;
}

function describe(top: EngineResource, members: readonly EngineResource[], byUrn: ByUrn): Part {
  const contents = Object.entries(words).flatMap(([kind, word]) => {
    const count = members.filter(member => kindOf(member) === kind && !member.type.startsWith("palisade:")).length;
    if (count === 0) return [];
    return [count === 1 ? word : `${count} ${plural(word)}`];
  });
  const tiers = members.flatMap(dependenciesOf).flatMap(urn => {
    const subnet = byUrn.get(urn);
    return subnet && kindOf(subnet) === "Subnet" ? [tierOf(subnet)] : [];
  });
  // What runs tells where a whole workload stands, not what it keeps.
  const placed = tiers.includes("private") ? "private" : tiers[0];
  const tier = members.some(member => kindOf(member) === "Vpc") ? "vpc" : placed;
  const whole = kindOf(top) === WORKLOAD;
  return {
    id: idOf(top, byUrn),
    name: whole ? ownerOf(top, byUrn) : suffixOf(top, byUrn),
    kind: whole ? "Workload" : sentence(kindOf(top)),
    whole,
    contents,
    owner: ownerOf(top, byUrn),
    ...(tier && { tier }),
  };
}

/** Security group rules say who may connect to whom. Those that let in mirror those that let out, but for the internet. */
function connections(resource: EngineResource, places: ReadonlyMap<string, string>): Link[] {
  const { inputs = {}, propertyDependencies: by = {} } = resource;
  const place = (urns: string[] | null | undefined) => places.get(urns?.[0] ?? "");
  const own = place(by.securityGroupId);
  const peer = place(by.referencedSecurityGroupId) ?? place(by.prefixListId);
  const open = inputs.cidrIpv4 !== undefined || inputs.cidrIpv6 !== undefined;
  const ports = [Number(inputs.fromPort)];
  const kind = kindOf(resource);
  if (own && kind === "SecurityGroupEgressRule" && (peer || open)) return [{ from: own, to: peer ?? INTERNET, ports }];
  if (own && kind === "SecurityGroupIngressRule" && open) return [{ from: INTERNET, to: own, ports }];
  return [];
}

/** One link for each pair, with all its ports; in an order that does not depend on the engine's. */
function merge(links: readonly Link[]): Link[] {
  return [...groupBy(links, link => `${link.from} ${link.to}`)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, pair]) => {
      const ports = [...new Set(pair.flatMap(link => link.ports ?? []))].sort((a, b) => a - b);
      return pair.slice(0, 1).map(({ from, to }) => ({ from, to, ...(ports.length > 0 && { ports }) }));
    });
}

function joins(link: Link, one: string | undefined, other: string | undefined): boolean {
  return (link.from === one && link.to === other) || (link.from === other && link.to === one);
}

/** `Map.groupBy`, which Node has from version 21 on. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return found;
}

/** Subnets are named `<network>-<tier>-<zone>`. */
const tierOf = (subnet: EngineResource) => /-(public|private|data)-/.exec(nameOf(subnet))?.[1] ?? "";

/** `VpcEndpoints` → `VPC endpoints`. */
function sentence(kind: string): string {
  const text = kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const first = text.replace(/^./, letter => letter.toUpperCase());
  return first.replace(/\b(vpc|dns|gpu)\b/gi, initials => initials.toUpperCase()).replace(/\bIpv6\b/i, "IPv6");
}

/** `repository` → `repositories`, `group of EC2 machines` → `groups of EC2 machines`. */
function plural(word: string): string {
  const [, noun = word, rest = ""] = /^(.*?)( of .*)?$/.exec(word) ?? [];
  return `${noun.replace(/([^aeiou])y$/, "$1ie")}s${rest}`;
}

function ownerOf(part: EngineResource, byUrn: ByUrn): string {
  const [top] = lineOf(part, byUrn);
  if (!top) return "";
  // What stands beside the workloads at the top of the stack, such as `palisade-dev-second`, belongs to the foundation.
  const rest = kindOf(top) === WORKLOAD ? "" : "(-.*)?";
  return nameOf(top).replace(new RegExp(`-${stackOf(top)}${rest}$`), "");
}

/** What the name of a part adds to that of its owner. */
function suffixOf(part: EngineResource, byUrn: ByUrn): string {
  const [top] = lineOf(part, byUrn);
  const name = nameOf(part);
  return top && name.startsWith(nameOf(top)) ? name.slice(nameOf(top).length + 1) : name;
}

function idOf(part: EngineResource, byUrn: ByUrn): string {
  const names = [ownerOf(part, byUrn), kindOf(part), suffixOf(part, byUrn)];
  return names.filter(Boolean).join("_").replace(/\W/g, "_");
}
