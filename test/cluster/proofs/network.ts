// SA-9, SA-13, RT-27: every pod reaches what the specification names and nothing else, names of hosts included. Tried from inside each pod's network, over new connections.
import { setTimeout as sleep } from "node:timers/promises";
import { hopsOf } from "../../../src/workload/hops";
import { logFiles } from "../../../src/workload/log-files";
import type { Service, Workload } from "../../../src/workload/workload";
import { run } from "../../../toolchain/run";
import {
  edge,
  kubectlApply,
  list,
  must,
  namespaceOf,
  nodesNamespace,
  type Pod,
  platformNamespace,
  podsOf,
  type RunningSystem,
  runInNetworkOf,
  stackNamespaces,
  stranger,
  workloads,
} from "../running-system";

/** What one part may open; `to` is a part or one of the places below. */
interface Way {
  from: string;
  to: string;
  port: number;
}

/** Somewhere to try; a probe understands `url`. */
interface Target {
  to: string;
  port: number;
  url: string;
  /** Whoever of its pods answers. */
  isService?: boolean;
}

const places = {
  apiServer: "node/api",
  dns: "kube-system/kube-dns",
  peers: "outside/peers",
  internet: "outside/internet",
} as const;

/** An address of the internet, which stands on the cluster's node for as long as the proof runs. */
const internetAddress = "1.2.3.4";

/** Every way that the specifications give, written down from them and not from policies. */
function allowedWays(all: readonly Workload[]): Way[] {
  const ways = [...all.flatMap(waysOfWorkload), ...waysOfPlatform(all)];
  const callers = [...new Set(ways.map(({ from }) => from))].filter(from => from !== part(edge.namespace, "edge"));
  // Who has somebody to call asks for names; who has nobody does not.
  return [...ways, ...callers.map(from => ({ from, to: places.dns, port: 53 }))];
}

const part = (namespace: string, name: string) => `${namespace}/${name}`;

function waysOfWorkload(workload: Workload): Way[] {
  const own = (name: string) => part(namespaceOf(workload), name);
  const services = Object.entries(workload.services);
  const to = (from: string, target: string, port: number): Way => ({ from: own(from), to: own(target), port });
  const ports = (name: string) => (workload.services[name]?.ports ?? []).map(({ number }) => number);
  const hops = hopsOf(workload).flatMap((hop): Way[] => {
    if (hop.kind === "service-to-store") return [to(hop.from, hop.to, 5432)];
    const from = hop.kind === "edge-to-service" ? part(edge.namespace, "edge") : own(hop.from);
    return ports(hop.to).map(port => ({ from, to: own(hop.to), port }));
  });
  return [
    ...hops,
    ...services.flatMap(([name, service]) => waysOfService(workload, name, service)),
    ...waysToStores(workload),
    { from: own("workload-guard"), to: places.apiServer, port: 6443 },
    ...(services.some(([, service]) => isMeasured(service) && hasLadder(service))
      ? [to("workload-guard", "collector", 8889)]
      : []),
    ...(logFiles(workload).length > 0
      ? [{ from: own("log-shipper"), to: part(platformNamespace, "log-sink"), port: 4318 }]
      : []),
  ];
}

const isMeasured = ({ metrics, tracing }: Service) => metrics.length > 0 || tracing !== undefined;
const hasLadder = ({ scaling, resources }: Service) =>
  scaling.backPressure !== undefined || resources.ceiling !== undefined;

function waysOfService(workload: Workload, name: string, service: Service): Way[] {
  const own = (other: string) => part(namespaceOf(workload), other);
  const proxy = `egress-proxy-${name}`;
  const { egress, egressRanges } = service.network;
  return [
    ...(isMeasured(service) ? [{ from: own(name), to: own("collector"), port: 4318 }] : []),
    ...(service.scaling.mode === "active-passive" ? [{ from: own(name), to: places.apiServer, port: 6443 }] : []),
    ...(egress.length > 0
      ? [
          { from: own(name), to: own(proxy), port: 4750 },
          { from: own(proxy), to: places.peers, port: 443 },
          // Held to ranges where the specification names some: this address is in none of them.
          ...(egressRanges.length === 0 ? [{ from: own(proxy), to: places.internet, port: 443 }] : []),
        ]
      : []),
  ];
}

function waysToStores(workload: Workload): Way[] {
  const { buckets, queues } = workload.state;
  const gate = workload.approvals.length > 0 ? ["approval-gate"] : [];
  const ofBuckets = Object.values(buckets).flatMap(({ prefixes }) =>
    Object.values(prefixes).flatMap(({ writers, readers }) => [...writers, ...readers]),
  );
  const ofQueues = Object.values(queues).flatMap(({ producers, consumers }) => [...producers, ...consumers]);
  const own = (name: string) => part(namespaceOf(workload), name);
  const hasBuckets = Object.keys(buckets).length > 0;
  return [
    ...[...new Set([...ofBuckets, ...(hasBuckets ? gate : [])])].map(from => ({
      from: own(from),
      to: own("object-store"),
      port: 7070,
    })),
    ...[...new Set([...ofQueues, ...gate])].map(from => ({ from: own(from), to: own("queue"), port: 9443 })),
    ...gate.map(from => ({ from: own(from), to: places.apiServer, port: 6443 })),
  ];
}

function waysOfPlatform(all: readonly Workload[]): Way[] {
  const sink = part(platformNamespace, "log-sink");
  if (all.length === 0) return [];
  return [
    { from: part(nodesNamespace, "node-logs"), to: sink, port: 4318 },
    { from: sink, to: places.peers, port: 6514 },
  ];
}

/** All attempts of all pods, and what differs from the specification. */
export interface Tried {
  pods: number;
  attempts: number;
  reached: number;
  /** Empty if all is as specified. */
  differences: string[];
}

/**
 * From each pod of these namespaces, of somebody else's and of the edge, to each of the same, to the node, names, peers and
 * the internet.
 */
export async function tryEveryWay(
  system: RunningSystem,
  namespaces: readonly string[] = stackNamespaces,
): Promise<Tried> {
  const closing = await openInternet(system);
  try {
    const pods = await podsOf(system, [...namespaces, edge.namespace, stranger.namespace]);
    const ways = new Set(allowedWays(workloads).map(key));
    const targets = await targetsOf(system, pods, namespaces);
    const tried: Tried = { pods: pods.length, attempts: 0, reached: 0, differences: [] };
    const waiting = [...pods];
    const work = async () => {
      for (let pod = waiting.pop(); pod; pod = waiting.pop()) {
        const from = pod;
        // Somebody else's pods may call each other, the cluster and the world: that is not for this stack to say.
        const ours = namespaces.includes(from.namespace);
        const isOf = ({ to }: Target) => ours || namespaces.includes(to.split("/")[0] ?? "");
        const all = targets.filter(target => isOf(target) && !leadsBack(from, target));
        for (const { target, arrived, said } of await attempt(system, pod, all)) {
          tried.attempts++;
          if (arrived) tried.reached++;
          const may = ways.has(key({ from: pod.part, to: target.to, port: target.port }));
          if (may !== arrived)
            tried.differences.push(
              `${pod.part} (${pod.name}) ${arrived ? "reached" : "did not reach"} ${target.to}:${target.port} by ${target.url}${said}`,
            );
        }
      }
    };
    await Promise.all(Array.from({ length: 6 }, work));
    return tried;
  } finally {
    await closing();
  }
}

/** A pod always reaches itself, and may be behind its own Service. */
function leadsBack(pod: Pod, { url, to, isService }: Target): boolean {
  return url.includes(`//${pod.address}:`) || (isService === true && to === pod.part);
}

const key = ({ from, to, port }: Way) => `${from} > ${to}:${port}`;

async function attempt(system: RunningSystem, pod: Pod, targets: readonly Target[]) {
  const first = await connect(system, pod, targets);
  // A busy machine may be late; what is not there stays away the second time.
  const late = first.filter(({ arrived, target }) => !arrived && isAllowed(pod, target));
  const second =
    late.length > 0
      ? await connect(
          system,
          pod,
          late.map(({ target }) => target),
          "5s",
        )
      : [];
  return first.map(one => second.find(({ target }) => target === one.target) ?? one);
}

const waysNow = new Set(allowedWays(workloads).map(key));
const isAllowed = (pod: Pod, { to, port }: Target) => waysNow.has(key({ from: pod.part, to, port }));

/** A refusal arrived as well: what a policy stops is never answered. */
async function connect(system: RunningSystem, pod: Pod, targets: readonly Target[], timeout = "1500ms") {
  const urls = targets.map(({ url }) => url);
  const { code, stdout, stderr } = await runInNetworkOf(
    pod,
    system.programs.peers,
    "connect",
    "-timeout",
    timeout,
    ...urls,
  );
  if (code !== 0) throw new Error(`no attempt could be made from ${pod.part}: ${stderr}`);
  const answers = JSON.parse(stdout) as { target: string; reached: boolean; error?: string }[];
  return targets.map((target, i) => {
    const answer = answers[i];
    const error = answer?.error ?? "";
    return {
      target,
      arrived: answer?.reached === true || /connection refused|no such host/.test(error),
      said: error ? `: ${error}` : "",
    };
  });
}

async function targetsOf(
  system: RunningSystem,
  pods: readonly Pod[],
  namespaces: readonly string[],
): Promise<Target[]> {
  const others = await podsOf(system, ["kube-system"]);
  const ofPods = [...pods, ...others].flatMap(({ part: to, address, containers }) =>
    [...new Set(containers.flatMap(({ ports }) => ports))].map(port => ({ to, port, url: `tcp://${address}:${port}` })),
  );
  const inside = ofPods.map(target => (isDns(target) ? { ...target, to: places.dns } : target));
  return [...inside, ...(await servicesOf(system, namespaces)), ...(await surroundings(system))];
}

const isDns = ({ to, port }: Target) => to === places.dns && port === 53;

interface ServiceObject {
  metadata: { name: string; namespace: string };
  spec: { clusterIP?: string; selector?: Record<string, string>; ports: { port: number; protocol?: string }[] };
}
interface Slice {
  metadata: { namespace: string; labels?: Record<string, string> };
  endpoints?: { conditions?: { ready?: boolean } }[];
}

/** By their Services too, where somebody stands behind them: what counts is where it arrives. */
async function servicesOf(system: RunningSystem, namespaces: readonly string[]): Promise<Target[]> {
  const slices = await list<Slice>(system, "endpointslices.discovery.k8s.io", "--all-namespaces");
  const served = new Set(
    slices
      .filter(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"]}`),
  );
  const all = await list<ServiceObject>(system, "services", "--all-namespaces");
  return all
    .filter(
      ({ metadata }) => namespaces.includes(metadata.namespace) && served.has(`${metadata.namespace}/${metadata.name}`),
    )
    .flatMap(({ metadata, spec }) =>
      spec.clusterIP && spec.clusterIP !== "None"
        ? spec.ports.map(({ port }) => ({
            to: part(metadata.namespace, spec.selector?.["app.kubernetes.io/name"] ?? metadata.name),
            port,
            url: `tcp://${spec.clusterIP}:${port}`,
            isService: true,
          }))
        : [],
    );
}

/** The node, names over both protocols, the peers, the internet. */
async function surroundings(system: RunningSystem): Promise<Target[]> {
  const nameServer = await must(
    system,
    "get",
    "service",
    "kube-dns",
    "--namespace",
    "kube-system",
    "--output",
    "jsonpath={.spec.clusterIP}",
  );
  const node = "172.30.0.2";
  const name = "kubernetes.default.svc.cluster.local";
  const at = (to: string, port: number, address: string): Target => ({ to, port, url: `tcp://${address}:${port}` });
  return [
    at(places.apiServer, 6443, node),
    { to: places.apiServer, port: 6443, url: "tcp://10.96.0.1:443" },
    at("node/registry", 5000, node),
    at("node/kubelet", 10250, node),
    ...["udp", "tcp"].map(over => ({
      to: places.dns,
      port: 53,
      url: `dns://${name}?server=${nameServer}:53&over=${over}`,
    })),
    at(places.peers, 443, "172.30.1.65"),
    at(places.peers, 443, "172.30.1.66"),
    at(places.peers, 9090, "172.30.1.65"),
    at(places.peers, 6514, "172.30.1.67"),
    at(places.internet, 443, internetAddress),
    at(places.internet, 80, internetAddress),
  ];
}

/** The address answers nobody's connection with a refusal, which shows as well as a greeting that one arrived. */
async function openInternet({ room }: RunningSystem): Promise<() => Promise<void>> {
  const place = ["--target", String(room.cluster.pid), "--net", "--", "ip", "addr"];
  const inNode = (verb: "add" | "del") => run("nsenter", [...place, verb, `${internetAddress}/32`, "dev", "lo"]);
  const { code, stderr } = await inNode("add");
  if (code !== 0) throw new Error(`the node does not take ${internetAddress}: ${stderr}`);
  return async () => {
    await inNode("del");
  };
}

/** While one policy of a namespace is gone. */
export async function withoutPolicy<Result>(
  system: RunningSystem,
  { namespace, name }: { namespace: string; name: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const text = await must(system, "get", "networkpolicy", name, "--namespace", namespace, "--output", "json");
  const { apiVersion, kind, metadata, spec } = JSON.parse(text) as Policy;
  const { labels, annotations } = metadata;
  await must(system, "delete", "networkpolicy", name, "--namespace", namespace);
  try {
    return await work();
  } finally {
    await apply(system, { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec });
  }
}

/** While somebody has opened everything in a namespace. */
export async function withEverythingOpen<Result>(
  system: RunningSystem,
  namespace: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const metadata = { name: "opened-by-the-test", namespace };
  const spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [{}] };
  await apply(system, { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec });
  try {
    return await work();
  } finally {
    await must(system, "delete", "networkpolicy", metadata.name, "--namespace", namespace);
  }
}

interface Policy {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels?: object; annotations?: object };
  spec: object;
}

/** Those who enforce policies learn of a change a moment later. */
async function apply(system: RunningSystem, policy: Policy): Promise<void> {
  const { code, stderr } = await kubectlApply(system.room.cluster, policy);
  if (code !== 0) throw new Error(stderr);
  await sleep(1000);
}
