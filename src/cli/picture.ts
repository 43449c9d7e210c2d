// CLI: from the engine's graph of resources to the parts a person thinks in, and the links between them. Pure.

/** A resource as the engine describes it, in a preview or in a state. */
export interface EngineResource {
  urn: string;
  type: string;
  parent?: string;
  inputs?: Record<string, unknown>;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[] | null>;
}

/** One box: a component right below a root component, with all that is in it. */
export interface Part {
  id: string;
  /** What sets it apart within its owner, such as `backend`; empty where its kind does. */
  name: string;
  /** Its component's type in words, such as `Fargate service`. */
  kind: string;
  /** What is in it, such as `5 keys`; only what a person would ask for. */
  contents: string[];
  /** Root component it belongs to, without the stack's name. */
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

/** Stands for everything outside; the one node that no resource is. */
export const INTERNET = "internet";

/** Components that serve another one of the same name, and are shown as part of it. */
const attendants = new Set(
  ["DatabaseAlarms", "ExecutionRole", "LogStream", "ServiceAlarms", "ServiceAutoscaling", "TaskRole"].map(
    name => `palisade:aws:${name}`,
  ),
);

/** Resources worth a word inside their part, in the order they are named. */
const words: Readonly<Record<string, string>> = {
  LoadBalancer: "load balancer",
  WebAcl: "firewall",
  Certificate: "certificate",
  Zone: "DNS zone",
  HttpNamespace: "service namespace",
  Subnet: "subnet",
  NatGateway: "NAT gateway",
  FlowLog: "flow log",
  VpcEndpoint: "endpoint",
  Instance: "RDS instance",
  TaskDefinition: "task definition",
  Role: "role",
  Key: "KMS key",
  Bucket: "bucket",
  FirehoseDeliveryStream: "delivery stream",
  Repository: "repository",
  Secret: "secret",
  Topic: "topic",
  LogGroup: "log group",
  MetricAlarm: "alarm",
};

/** Reads the parts and their links out of the resources of one stack. */
export function picture(resources: readonly EngineResource[]): Picture {
  const byUrn = new Map(resources.map(resource => [resource.urn, resource]));
  const places = new Map(resources.map(resource => [resource.urn, partOf(resource, byUrn, resources)]));
  const parts = [...new Set(places.values())].flatMap((root): Part[] => {
    if (!root) return [];
    const members = resources.filter(resource => places.get(resource.urn) === root);
    return [describe(root, members, byUrn)];
  });
  const idOf = (urn: string | undefined): string | undefined => {
    const root = urn === undefined ? undefined : places.get(urn);
    return root && idFor(root, byUrn);
  };
  const traffic = resources.flatMap(resource => connections(resource, idOf));
  const network = parts.find(part => part.tier === "vpc")?.id;
  const uses = resources.flatMap(resource =>
    dependenciesOf(resource).flatMap((dependency): Link[] => {
      const [from, to] = [idOf(resource.urn), idOf(dependency)];
      const shown = to === network || traffic.some(link => joins(link, from, to));
      return from && to && from !== to && !shown ? [{ from, to }] : [];
    }),
  );
  return {
    stack: stackOf(resources[0]),
    range: String(resources.find(({ type }) => kindOf(type) === "Vpc")?.inputs?.cidrBlock ?? ""),
    parts: parts.sort(byId),
    links: [...merge(traffic), ...merge(uses)],
  };
}

/** The component that stands for a resource; none for the stack, the root components and the providers. */
function partOf(
  resource: EngineResource,
  byUrn: ReadonlyMap<string, EngineResource>,
  resources: readonly EngineResource[],
): EngineResource | undefined {
  const line: EngineResource[] = [];
  for (let at: EngineResource | undefined = resource; at; at = at.parent ? byUrn.get(at.parent) : undefined)
    line.unshift(at);
  const [, root, part] = line;
  if (!root?.type.startsWith("palisade:") || !part) return undefined;
  if (!attendants.has(part.type)) return part;
  const served = resources.find(
    other => other.parent === part.parent && nameOf(other) === nameOf(part) && !attendants.has(other.type),
  );
  return served ?? part;
}

function describe(
  root: EngineResource,
  members: readonly EngineResource[],
  byUrn: ReadonlyMap<string, EngineResource>,
): Part {
  const contents = Object.entries(words).flatMap(([kind, word]) => {
    const count = members.filter(({ type }) => kindOf(type) === kind && !type.startsWith("palisade:")).length;
    if (count === 0) return [];
    return [count === 1 ? word : `${count} ${word.replace(/([^aeiou])y$/, "$1ie")}s`];
  });
  const tiers = members.flatMap(dependenciesOf).flatMap(urn => {
    const subnet = byUrn.get(urn);
    return subnet && kindOf(subnet.type) === "Subnet" ? [tierOf(subnet)] : [];
  });
  const tier = members.some(({ type }) => kindOf(type) === "Vpc") ? "vpc" : tiers[0];
  return {
    id: idFor(root, byUrn),
    name: suffixOf(root, byUrn),
    kind: sentence(kindOf(root.type)),
    contents,
    owner: ownerOf(root, byUrn),
    ...(tier && { tier }),
  };
}

/** Security group rules say who may connect to whom. Those that let in mirror those that let out, but for the internet. */
function connections(resource: EngineResource, idOf: (urn: string | undefined) => string | undefined): Link[] {
  const { inputs = {}, propertyDependencies: by = {} } = resource;
  const own = idOf(by.securityGroupId?.[0]);
  const peer = idOf((by.referencedSecurityGroupId ?? by.prefixListId)?.[0]);
  const open = inputs.cidrIpv4 !== undefined || inputs.cidrIpv6 !== undefined;
  const ports = [Number(inputs.fromPort)];
  const kind = kindOf(resource.type);
  if (own && kind === "SecurityGroupEgressRule" && (peer || open)) return [{ from: own, to: peer ?? INTERNET, ports }];
  if (own && kind === "SecurityGroupIngressRule" && open) return [{ from: INTERNET, to: own, ports }];
  return [];
}

/** One link for each pair, with all its ports; in an order that does not depend on the engine's. */
function merge(links: readonly Link[]): Link[] {
  const pairs = groupBy(links, link => `${link.from} ${link.to}`);
  return [...pairs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...more]]) => {
      if (!first) return [];
      const ports = [...new Set([first, ...more].flatMap(link => link.ports ?? []))].sort((a, b) => a - b);
      return [{ from: first.from, to: first.to, ...(ports.length > 0 && { ports }) }];
    });
}

function joins(link: Link, one: string | undefined, other: string | undefined): boolean {
  return (link.from === one && link.to === other) || (link.from === other && link.to === one);
}

function dependenciesOf({ dependencies = [], propertyDependencies = {} }: EngineResource): string[] {
  return [...new Set([...dependencies, ...Object.values(propertyDependencies).flatMap(urns => urns ?? [])])];
}

/** `Map.groupBy`, which Node has from version 21 on. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const byId = (a: Part, b: Part) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const nameOf = ({ urn }: EngineResource) => urn.split("::").at(-1) ?? "";
const stackOf = (resource: EngineResource | undefined) => resource?.urn.split(":")[2] ?? "";
const kindOf = (type: string) => type.split(":").at(-1) ?? "";
/** Subnets are named `<network>-<tier>-<zone>`. */
const tierOf = (subnet: EngineResource) => /-(public|private|data)-/.exec(nameOf(subnet))?.[1] ?? "";

/** `VpcEndpoints` → `VPC endpoints`. */
function sentence(kind: string): string {
  const text = kind
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/^./, letter => letter.toUpperCase());
  return text.replace(/^Vpc\b/, "VPC");
}

function ownerOf(part: EngineResource, byUrn: ReadonlyMap<string, EngineResource>): string {
  const root = part.parent ? byUrn.get(part.parent) : undefined;
  return root ? nameOf(root).replace(new RegExp(`-${stackOf(root)}$`), "") : "";
}

/** What the name of a part adds to that of its root component. */
function suffixOf(part: EngineResource, byUrn: ReadonlyMap<string, EngineResource>): string {
  const root = part.parent ? byUrn.get(part.parent) : undefined;
  const name = nameOf(part);
  return root && name.startsWith(nameOf(root)) ? name.slice(nameOf(root).length + 1) : name;
}

function idFor(part: EngineResource, byUrn: ReadonlyMap<string, EngineResource>): string {
  const names = [ownerOf(part, byUrn), kindOf(part.type), suffixOf(part, byUrn)];
  return names.filter(Boolean).join("_").replace(/\W/g, "_");
}
