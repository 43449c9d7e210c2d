// Kubernetes components: how much of a cluster the replicas of one object take at most, read from the object itself. Pure.
import { at, listAt, numberAt } from "./fields";
import type { KubernetesObject } from "./object";
import { read } from "./quantity";
import { gpuResource } from "./resources";

export interface ReplicaDemand {
  /** Name of the Deployment, StatefulSet or Job. */
  name: string;
  /** Most replicas, an autoscaler's included. */
  replicas: number;
  /** Requests of one replica, as the scheduler counts them. */
  cpuMillicores: number;
  memoryMiB: number;
  gpus: number;
  /** Memory of its largest container. */
  largestMiB: number;
  /** Claims each replica brings. */
  claims: number;
}

/** Nothing for an object that makes no pods. */
export function demandOf(object: KubernetesObject, all: readonly KubernetesObject[]): ReplicaDemand[] {
  const spec = at(object, "spec", ...(object.kind === "CronJob" ? ["jobTemplate", "spec"] : []), "template", "spec");
  if (spec === undefined) return [];
  const initial = listAt(spec, "initContainers");
  const staying = [
    ...listAt(spec, "containers"),
    ...initial.filter(container => at(container, "restartPolicy") === "Always"),
  ];
  // Those that run before the others need their share only then.
  const need = (of: (container: unknown) => number) =>
    Math.max(
      staying.reduce<number>((sum, container) => sum + of(container), 0),
      ...initial.map(of),
    );
  const request = (name: string, kind: "cores" | "mebibytes" | "count") => (container: unknown) =>
    read(at(container, "resources", "requests", name) ?? 0, kind);
  return [
    {
      name: object.metadata.name,
      replicas: replicasOf(object, all),
      cpuMillicores: need(request("cpu", "cores")),
      memoryMiB: need(request("memory", "mebibytes")),
      gpus: need(request(gpuResource, "count")),
      largestMiB: Math.max(...[...staying, ...initial].map(request("memory", "mebibytes"))),
      claims: listAt(object, "spec", "volumeClaimTemplates").length,
    },
  ];
}

function replicasOf(object: KubernetesObject, all: readonly KubernetesObject[]): number {
  const scaler = all.find(
    other =>
      other.kind === "HorizontalPodAutoscaler" && at(other, "spec", "scaleTargetRef", "name") === object.metadata.name,
  );
  return numberAt(scaler, "spec", "maxReplicas") ?? numberAt(object, "spec", "replicas") ?? 1;
}
