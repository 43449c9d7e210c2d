// Kubernetes components: one of the platform's own helpers as objects: its pods, whom they talk to, what they may do (RT-12, RT-27, SA-9).
import type { ClusterHome } from "./cluster-home";
import { type ContainerInputs, container } from "./container";
import { apiServerWays, type PolicyHome, peerOf, policyOf } from "./network-policies";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";
import type { Container, PodVolume, PolicyRule, Way } from "./pod-parts";
import { podSecurityContext } from "./security-context";
import { accountObjects, tokenParts } from "./service-account";
import { spread } from "./spread";

export interface Helper {
  name: string;
  /** User its processes run as, and the group that owns its volumes. */
  user: number;
  containers: ContainerInputs[];
  /** Default 1. */
  replicas?: number;
  /** What it keeps: makes it a StatefulSet with these claims for each replica; with none, its pods still have lasting names. */
  claims?: KubernetesObject[];
  volumes?: PodVolume[];
  ingress?: Way[];
  egress?: Way[];
  /** What it may do in its namespace; without, its pods hold no token. Needs `apiServer`. */
  rules?: PolicyRule[];
  apiServer?: ClusterHome["apiServer"];
  /** What changes them replaces the pods. */
  podAnnotations?: Record<string, string>;
  /** Ports of its Service by name; none without. */
  ports?: Record<string, number>;
  /** Seconds from SIGTERM to SIGKILL; default 30 (RT-4). */
  stopSeconds?: number;
}

/** In the order they are to be applied. */
export function helperObjects(home: PolicyHome, helper: Helper): KubernetesObject[] {
  const { name, rules = [], apiServer, ports, ingress = [], egress = [] } = helper;
  const workload = home.workload.name;
  const metadata = { name, namespace: home.namespace, labels: labelsOf(workload, name) };
  const selector = { matchLabels: selectorOf(workload, name) };
  return [
    ...accountObjects({ workload, namespace: home.namespace, name, rules }),
    policyOf(home, name, { ingress, egress: [...egress, ...(apiServer ? apiServerWays({ apiServer }, rules) : [])] }),
    ...(ports ? [serviceObject(metadata, selector.matchLabels, ports)] : []),
    controller(workload, helper, metadata, selector),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector },
    },
  ];
}

function serviceObject(
  metadata: KubernetesObject["metadata"],
  selector: Record<string, string>,
  ports: Record<string, number>,
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      selector,
      ports: Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: port, protocol: "TCP" })),
    },
  };
}

function controller(
  workload: string,
  helper: Helper,
  metadata: KubernetesObject["metadata"],
  selector: Record<string, unknown>,
): KubernetesObject {
  const { replicas = 1, claims, podAnnotations } = helper;
  const template = {
    metadata: { labels: metadata.labels, ...(podAnnotations && { annotations: podAnnotations }) },
    spec: helperPod(workload, helper),
  };
  const common = { replicas, selector, revisionHistoryLimit: 3, template };
  if (claims)
    return {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: { ...common, serviceName: helper.name, ...(claims.length > 0 && { volumeClaimTemplates: claims }) },
    };
  // One replica that shares nothing with its successor ends before that starts; of several, one at a time.
  const strategy =
    replicas === 1
      ? { type: "Recreate" }
      : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { ...common, strategy } };
}

/** A pod under the Pod Security profile `restricted`. */
function helperPod(workload: string, helper: Helper) {
  const { name, user, containers, volumes = [], rules = [], replicas = 1, claims, stopSeconds = 30 } = helper;
  const token = tokenParts(rules);
  const withToken = (inputs: ContainerInputs): Container =>
    container({ ...inputs, mounts: [...(inputs.mounts ?? []), ...(token.mounts ?? [])] });
  const all = [...volumes, ...(token.volumes ?? [])];
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: stopSeconds,
    securityContext: podSecurityContext({ user }),
    containers: containers.map(withToken),
    ...(all.length > 0 && { volumes: all }),
    ...(replicas > 1 && spread(selectorOf(workload, name), !claims)),
  };
}

/** To or from a part of the same namespace: which of the two, the side says that it stands on. */
export function wayOf({ workload }: { workload: { name: string } }, part: string, port: number): Way {
  return { name: part, peer: peerOf(workload.name, part), port };
}

/** To addresses outside the cluster. */
export function addressWays(name: string, ranges: readonly string[], port: number): Way[] {
  return ranges.map(cidr => ({ name, peer: { ipBlock: { cidr } }, port }));
}

/** Scratch space in memory, which counts as memory of the pod (SP-6). */
export function memoryVolume(name: string, sizeMiB: number): PodVolume {
  return { name, emptyDir: { medium: "Memory", sizeLimit: `${sizeMiB}Mi` } };
}

/** A claim that one replica writes, as a template of a StatefulSet. */
export function claimTemplate(
  name: string,
  labels: Record<string, string>,
  { storageClass, sizeGiB }: { storageClass: string; sizeGiB: number },
): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: storageClass,
      resources: { requests: { storage: `${sizeGiB}Gi` } },
    },
  };
}
