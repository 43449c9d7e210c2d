// Preflight: what the pods of a release ask of nodes, how many there are, and on which ports of a node. Pure.
import type { KubernetesObject } from "../../components/kubernetes/object";
import { makesPods } from "../../components/kubernetes/references";
import { quantityOf } from "./quantity";

/** Of one pod: cores, and bytes. */
export interface Requests {
  cpu: number;
  memory: number;
  ephemeral: number;
}

export interface PodDemand {
  /** `Deployment prod/web`. */
  title: string;
  namespace: string;
  requests: Requests;
  /** What it may take at most; 0 where it is not bounded. */
  limits: Requests;
  /** Whether each of its containers names the CPU it may take at most. */
  isCpuLimited: boolean;
  /** Pods at the start; of a DaemonSet, on each node. */
  count: number;
  isPerNode: boolean;
  hostPorts: { port: number; protocol: string }[];
}

interface Container {
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> };
  restartPolicy?: string;
  ports?: { hostPort?: number; containerPort?: number; protocol?: string }[];
}
interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  overhead?: Record<string, unknown>;
  hostNetwork?: boolean;
}

const none: Requests = { cpu: 0, memory: 0, ephemeral: 0 };
export const plus = (a: Requests, b: Requests): Requests => ({
  cpu: a.cpu + b.cpu,
  memory: a.memory + b.memory,
  ephemeral: a.ephemeral + b.ephemeral,
});
const most = (a: Requests, b: Requests): Requests => ({
  cpu: Math.max(a.cpu, b.cpu),
  memory: Math.max(a.memory, b.memory),
  ephemeral: Math.max(a.ephemeral, b.ephemeral),
});
export const times = ({ cpu, memory, ephemeral }: Requests, count: number): Requests => ({
  cpu: cpu * count,
  memory: memory * count,
  ephemeral: ephemeral * count,
});

function requestsOf(values: Record<string, unknown> = {}): Requests {
  const of = (name: string) => quantityOf(values[name] ?? 0) ?? 0;
  return { cpu: of("cpu"), memory: of("memory"), ephemeral: of("ephemeral-storage") };
}

/**
 * As the scheduler counts: containers together, or the largest of those that run before them.
 * @param bound which of the two that a container may name
 */
export function podRequests(spec: PodSpec, bound: "requests" | "limits" = "requests"): Requests {
  const of = ({ resources }: Container) => requestsOf(resources?.[bound]);
  let beside = none;
  let before = none;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      beside = plus(beside, of(container));
      before = most(before, beside);
    } else before = most(before, plus(beside, of(container)));
  }
  const running = (spec.containers ?? []).map(of).reduce(plus, beside);
  return plus(most(running, before), requestsOf(spec.overhead));
}

/** Of every object that makes pods; an autoscaler's minimum counts where it is more. */
export function podDemands(objects: readonly KubernetesObject[]): PodDemand[] {
  return objects.filter(makesPods).map(object => {
    const { kind, metadata } = object;
    const spec = (object.spec ?? {}) as {
      replicas?: number;
      template?: { spec?: PodSpec };
      jobTemplate?: { spec?: { template?: { spec?: PodSpec } } };
    };
    const pod = spec.template?.spec ?? spec.jobTemplate?.spec?.template?.spec ?? {};
    const namespace = metadata.namespace ?? "";
    return {
      title: `${kind} ${namespace}/${metadata.name}`,
      namespace,
      requests: podRequests(pod),
      limits: podRequests(pod, "limits"),
      isCpuLimited: [...(pod.containers ?? []), ...(pod.initContainers ?? [])].every(
        ({ resources }) => resources?.limits?.cpu !== undefined,
      ),
      count: Math.max(spec.replicas ?? 1, minimumOf(objects, object)),
      isPerNode: kind === "DaemonSet",
      hostPorts: hostPortsOf(pod),
    };
  });
}

function minimumOf(objects: readonly KubernetesObject[], { kind, metadata }: KubernetesObject): number {
  const found = objects.find(({ kind: of, metadata: own, spec }) => {
    const target = (spec as { scaleTargetRef?: { kind?: string; name?: string } } | undefined)?.scaleTargetRef;
    return (
      of === "HorizontalPodAutoscaler" &&
      own.namespace === metadata.namespace &&
      target?.kind === kind &&
      target.name === metadata.name
    );
  });
  return (found?.spec as { minReplicas?: number } | undefined)?.minReplicas ?? 0;
}

export function hostPortsOf(spec: PodSpec): { port: number; protocol: string }[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = "TCP" }) => {
      const port = hostPort ?? (spec.hostNetwork ? containerPort : undefined);
      return port ? [{ port, protocol }] : [];
    }),
  );
}
