// Kubernetes components: a service as a Deployment, or as a StatefulSet where each replica has a volume of its own (SA-3, SA-10, RT-21). Pure.
import type { Service, Workload } from "../../workload/workload";
import { scales } from "./autoscaler";
import type { ClusterHome } from "./cluster-home";
import { fewestReplicas } from "./gpu";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";
import { type PodInputs, podTemplate } from "./pod";
import { replicaServiceName } from "./service";
import { claimTemplates } from "./volumes";

/** Revisions that a rollback can go back to. */
const revisionHistoryLimit = 5;

/** Time in which a process that cannot start has ended, in seconds. */
const unaskedSeconds = 10;

/** How many restarts in which window stop the service: the workload's guard holds it to them (RT-5). */
const restartBudgetAnnotation = "palisade.dev/restart-budget";

export type Controller = "Deployment" | "StatefulSet";

export function controllerOf({ state }: Pick<Workload, "state">, serviceName: string): Controller {
  const own = Object.values(state.volumes).some(
    ({ sharing, mounts }) => sharing === "replica" && mounts.some(({ service }) => service === serviceName),
  );
  return own ? "StatefulSet" : "Deployment";
}

export function controllerObject(inputs: Omit<PodInputs, "perRevision">): KubernetesObject {
  const { home, name, service, parts } = inputs;
  const kind = controllerOf(home.workload, name);
  const { restarts, windowMinutes } = service.lifecycle.restartBudget;
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name,
      namespace: home.namespace,
      labels: labelsOf(home.workload.name, name),
      annotations: { [restartBudgetAnnotation]: `${restarts}/${windowMinutes}m`, ...parts.annotations },
    },
    spec: {
      // Where an autoscaler owns the number, a second owner would fight it.
      ...(!scales(service) && { replicas: fewestReplicas(service) }),
      revisionHistoryLimit,
      // Nobody asks such a service how it is: it counts as well once it has run for a while, not as soon as it runs (RT-5).
      ...(!service.health && { minReadySeconds: unaskedSeconds }),
      selector: { matchLabels: selectorOf(home.workload.name, name) },
      ...(kind === "Deployment" ? deployment(service) : statefulSet(home, name)),
      template: podTemplate({ ...inputs, perRevision: kind === "Deployment" }),
    },
  };
}

function deployment(service: Service) {
  const { health, lifecycle } = service;
  return {
    // A check, a start within its grace, and a pull of the image before that.
    progressDeadlineSeconds: 300 + (health?.graceSeconds ?? 60) + lifecycle.stopTimeoutSeconds,
    strategy: strategy(service),
  };
}

/**
 * Zero downtime: a new replica is well before an old one ends. Two kinds have no room for one more: replicas that take
 * turns (RT-21), and those that each hold an accelerator. A machine of one replica ends before the next begins, as it
 * does elsewhere.
 */
function strategy(service: Service) {
  const { machine, scaling, resources } = service;
  if (machine && fewestReplicas(service) === 1) return { type: "Recreate" };
  const full = machine !== undefined || scaling.mode === "active-passive" || resources.gpus > 0;
  return {
    type: "RollingUpdate",
    rollingUpdate: full ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 },
  };
}

function statefulSet(home: ClusterHome, name: string) {
  return {
    serviceName: replicaServiceName(name),
    // Replicas do not wait for each other, but for an update, which goes one by one.
    podManagementPolicy: "Parallel",
    updateStrategy: { type: "RollingUpdate" },
    // What a replica has written outlives it (IS-3).
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: claimTemplates(home, name),
  };
}
