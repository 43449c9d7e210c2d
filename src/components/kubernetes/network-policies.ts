// Kubernetes components: who may reach whom. Nobody, but for ways that are named, each opened on both of its sides (SA-9, SA-13, SP-13).
import type * as pulumi from "@pulumi/pulumi";
import { type Hop, hopsOf } from "../../workload/hops";
import type { Service } from "../../workload/workload";
import type { ClusterHome, PodPeer } from "./cluster-home";
import { engine } from "./engine";
import { storeAddress } from "./names";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";
import type { PolicyRule, Way } from "./pod-parts";

export interface Ways {
  ingress: Way[];
  egress: Way[];
}

const api = "networking.k8s.io/v1";

/** Whose pods a policy is for, and who answers their DNS. */
export interface PolicyHome extends Pick<ClusterHome, "namespace" | "dns"> {
  workload: { name: string };
}

/** Of a whole namespace: in neither direction, names included. */
export function defaultDeny(workload: string, namespace: string): KubernetesObject {
  return {
    apiVersion: api,
    kind: "NetworkPolicy",
    metadata: { name: "default-deny", namespace, labels: labelsOf(workload, "default-deny") },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  };
}

/** The ways of one part and no other. A pod that calls nobody resolves no names either. */
export function policyOf(home: PolicyHome, name: string, { ingress, egress }: Ways): KubernetesObject {
  const { workload, namespace } = home;
  const out = egress.length > 0 ? [...egress, ...dnsWays(home)] : [];
  return {
    apiVersion: api,
    kind: "NetworkPolicy",
    metadata: {
      name,
      namespace,
      labels: labelsOf(workload.name, name),
      annotations: { "palisade.dev/from": namesOf(ingress), "palisade.dev/to": namesOf(out) },
    },
    spec: {
      podSelector: { matchLabels: selectorOf(workload.name, name) },
      policyTypes: ["Ingress", "Egress"],
      ...(ingress.length > 0 && { ingress: ingress.map(way => ({ from: [way.peer], ports: [portOf(way)] })) }),
      ...(out.length > 0 && { egress: out.map(way => ({ to: [way.peer], ports: [portOf(way)] })) }),
    },
  };
}

/** Ways that the specification itself gives a part, be it a service or a store of the workload. */
export function hopWays(home: ClusterHome, name: string): Ways {
  const hops = hopsOf(home.workload);
  return {
    ingress: hops.filter(hop => hop.to === name).flatMap(hop => waysIn(home, hop)),
    egress: hops.filter(hop => "from" in hop && hop.from === name).flatMap(hop => waysOut(home, hop)),
  };
}

/**
 * Addresses a machine may call: it is held to them, as to its rules in other homes (CP-7). One that calls hosts by name does
 * so through its proxy, which then is held to them.
 */
export function rangeWays({ network }: Pick<Service, "network">): Way[] {
  if (network.egress.length > 0) return [];
  return network.egressRanges.map(({ cidr, description }) => ({
    name: description,
    peer: { ipBlock: { cidr } },
    port: 443,
  }));
}

/** To the API server, for those few that have something to do there. */
export function apiServerWays({ apiServer }: Pick<ClusterHome, "apiServer">, rules: readonly PolicyRule[]): Way[] {
  if (rules.length === 0) return [];
  return apiServer.ranges.map(cidr => ({ name: "api-server", peer: { ipBlock: { cidr } }, port: apiServer.port }));
}

/** Peer that means the pods of one part of the same namespace. */
export function peerOf(workload: string, part: string): Record<string, unknown> {
  return { podSelector: { matchLabels: selectorOf(workload, part) } };
}

/** Peer that means pods of another namespace. */
export function foreignPeer({ namespace, podLabels }: PodPeer): Record<string, unknown> {
  return {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    podSelector: { matchLabels: podLabels },
  };
}

function dnsWays({ dns }: Pick<ClusterHome, "dns">): Way[] {
  const { port = 53 } = dns;
  return (["UDP", "TCP"] as const).map(protocol => ({ name: "dns", peer: foreignPeer(dns), port, protocol }));
}

function waysIn(home: ClusterHome, hop: Hop): Way[] {
  const { workload, ingress } = home;
  switch (hop.kind) {
    case "edge-to-service":
      return ingress ? toEach(home, hop.to, "edge", foreignPeer(ingress.controller)) : [];
    case "service-to-service":
      return toEach(home, hop.to, hop.from, peerOf(workload.name, hop.from));
    case "service-to-store":
      return [{ name: hop.from, peer: peerOf(workload.name, hop.from), port: storePort(home, hop.to) }];
  }
}

function waysOut(home: ClusterHome, hop: Hop): Way[] {
  if (hop.kind !== "service-to-store") return toEach(home, hop.to, hop.to, peerOf(home.workload.name, hop.to));
  const port = storePort(home, hop.to);
  const own = home.external[hop.to];
  if (!own) return [{ name: hop.to, peer: peerOf(home.workload.name, hop.to), port }];
  return own.ranges.map(cidr => ({ name: hop.to, peer: { ipBlock: { cidr } }, port }));
}

/** One way for each port of a service. */
function toEach({ workload }: ClusterHome, to: string, name: string, peer: Way["peer"]): Way[] {
  return (workload.services[to]?.ports ?? []).map(({ number }) => ({ name, peer, port: number }));
}

function storePort(home: ClusterHome, kind: "postgres" | "vectors"): pulumi.Input<number> {
  const { port } = storeAddress(home, kind);
  return typeof port === "string" ? Number(port) : engine().output(port).apply(Number);
}

function portOf({ protocol = "TCP", port }: Way) {
  return { protocol, port };
}

function namesOf(ways: readonly Way[]): string {
  return [...new Set(ways.map(({ name }) => name))].join(", ") || "nobody";
}
