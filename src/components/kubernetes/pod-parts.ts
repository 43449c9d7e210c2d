// Kubernetes components: what the rest of a workload adds to the pods of one of its services, and beside them. Plain data.
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject, Value } from "./object";
import type { SecretPlan } from "./secret-plan";

/** A container, a volume, a mount, a rule as the Kubernetes API writes it. */
export type Container = { name: string; image: string } & Record<string, unknown>;
export type PodVolume = { name: string } & Record<string, unknown>;
export type VolumeMount = { name: string; mountPath: string; readOnly?: boolean; subPath?: string };
export type PolicyRule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

/** One way a pod may take, or by which it may be reached; `to` and `from` are peers of a NetworkPolicy. */
export interface Way {
  /** What it leads to, or where it comes from, for a person. */
  name: string;
  /** Peer of a NetworkPolicy: `podSelector`, `namespaceSelector`, `ipBlock`. */
  peer: Record<string, unknown>;
  /** An output where a managed database tells its own. */
  port: pulumi.Input<number>;
  /** Default TCP. */
  protocol?: "TCP" | "UDP";
}

/** Contribution of one concern to one service; whatever it leaves out, it does not need. */
export interface PodParts {
  /** Variables of the process; none may be set twice. */
  environment?: Record<string, Value>;
  /** Variables that come from a Secret of the namespace, by name. */
  secretEnvironment?: Record<string, { secret: string; key: string }>;
  volumes?: PodVolume[];
  mounts?: VolumeMount[];
  /** Run to a zero exit before the process starts, in this order. */
  initContainers?: Container[];
  sidecars?: Container[];
  /** Whom its pods may reach (SA-9). */
  egress?: Way[];
  /** Who may reach its pods (SA-9). */
  ingress?: Way[];
  /** What its service account may do; only with such rules does a pod hold a token. */
  rules?: PolicyRule[];
  /** Annotations of the pod: what changes them replaces the pods. */
  podAnnotations?: Record<string, Value>;
  /** Annotations of its Deployment. */
  annotations?: Record<string, string>;
}

/** One concern of a workload, such as its volumes. */
export interface WorkloadPart {
  /** What it adds to a service; empty for one it has nothing to do with. */
  partsFor?(serviceName: string): PodParts;
  /** Objects of its own, in the order they are to be applied. */
  objects?: KubernetesObject[];
  /** Secrets whose values whoever applies the objects has to make or ask for. */
  secrets?: SecretPlan[];
}

/**
 * All contributions in one.
 * @throws Error if two of them set the same variable.
 */
export function combineParts(all: readonly PodParts[]): Required<PodParts> {
  const names = all.flatMap(parts => [
    ...Object.keys(parts.environment ?? {}),
    ...Object.keys(parts.secretEnvironment ?? {}),
  ]);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice) throw new Error(`variable \`${twice}\` is set by two parts of the workload`);
  return {
    environment: Object.assign({}, ...all.map(parts => parts.environment)),
    secretEnvironment: Object.assign({}, ...all.map(parts => parts.secretEnvironment)),
    volumes: all.flatMap(parts => parts.volumes ?? []),
    mounts: all.flatMap(parts => parts.mounts ?? []),
    initContainers: all.flatMap(parts => parts.initContainers ?? []),
    sidecars: all.flatMap(parts => parts.sidecars ?? []),
    egress: all.flatMap(parts => parts.egress ?? []),
    ingress: all.flatMap(parts => parts.ingress ?? []),
    rules: all.flatMap(parts => parts.rules ?? []),
    podAnnotations: Object.assign({}, ...all.map(parts => parts.podAnnotations)),
    annotations: Object.assign({}, ...all.map(parts => parts.annotations)),
  };
}
