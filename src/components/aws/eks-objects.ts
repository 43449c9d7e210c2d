// AWS components: the objects that a workload has in EKS besides those of every cluster: its pods' security groups, its way from the edge, its directories. Pure (SA-9, SA-6, IS-3).
import * as pulumi from "@pulumi/pulumi";
import { type KubernetesObject, labelsOf, selectorOf } from "../kubernetes/object";
import type { NodePorts } from "./eks-node-ports";

interface Part {
  workload: string;
  namespace: string;
  /** Service, or helper, whose pods are meant. */
  part: string;
}

/** Gives the pods of a part their own security group, whatever node they run on. */
export function securityGroupPolicy(of: Part, securityGroupId: pulumi.Input<string>): KubernetesObject {
  return {
    apiVersion: "vpcresources.k8s.aws/v1beta1",
    kind: "SecurityGroupPolicy",
    metadata: { name: of.part, namespace: of.namespace, labels: labelsOf(of.workload, of.part) },
    spec: {
      podSelector: { matchLabels: selectorOf(of.workload, of.part) },
      securityGroups: { groupIds: [securityGroupId] },
    },
  };
}

/**
 * The way from the edge's load balancer to the pods: a port of each node, which leads to that node's own pods and to no
 * others, so the load balancer's address is what they see. Of type LoadBalancer, since only such a Service tells by
 * `healthCheckNodePort` which nodes have pods that stay; of a class that nobody answers to, so no second one is made.
 */
export function edgeService(of: Part, port: number, nodes: NodePorts): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: `${of.part}-edge`,
      namespace: of.namespace,
      labels: labelsOf(of.workload, of.part),
      // No address ever comes, so nobody waits for one.
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      type: "LoadBalancer",
      loadBalancerClass: "palisade.dev/edge",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: nodes.healthPort,
      selector: selectorOf(of.workload, of.part),
      ports: [{ name: "traffic", protocol: "TCP", port, targetPort: port, nodePort: nodes.port }],
    },
  };
}

export interface Directory {
  /** Name of the volume in the specification. */
  volume: string;
  fileSystemId: pulumi.Output<string>;
  accessPointId: pulumi.Output<string>;
  sizeGiB: number;
}

/** One directory of a file system, found by its access point: a volume for all zones, and the claim that takes it. */
export function directoryObjects(
  of: Omit<Part, "part">,
  { volume, fileSystemId, accessPointId, sizeGiB }: Directory,
): KubernetesObject[] {
  const labels = labelsOf(of.workload, volume);
  const name = `${of.namespace}-${volume}`;
  const common = {
    accessModes: ["ReadWriteMany"],
    // No class: nobody makes another volume in its place.
    storageClassName: "",
    volumeMode: "Filesystem",
  };
  const storage = `${sizeGiB}Gi`;
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name, labels },
      spec: {
        ...common,
        capacity: { storage },
        persistentVolumeReclaimPolicy: "Retain",
        claimRef: { namespace: of.namespace, name: volume },
        // Encrypted on the way, and as the role whose policy names the directory (SA-6, IS-9).
        mountOptions: ["tls", "iam"],
        csi: {
          driver: "efs.csi.aws.com",
          volumeHandle: pulumi.interpolate`${fileSystemId}::${accessPointId}`,
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: volume, namespace: of.namespace, labels },
      spec: { ...common, volumeName: name, resources: { requests: { storage } } },
    },
  ];
}

/** Controllers of pods among objects, by the name of their part: each has a log group and a security group. */
export function partsOf(objects: readonly KubernetesObject[]): string[] {
  const kinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];
  return [...new Set(objects.filter(({ kind }) => kinds.includes(kind)).map(({ metadata }) => metadata.name))];
}

/**
 * Puts outputs of the engine in the place of texts that stand for them, wherever they are a whole value: the objects are
 * made from plain data, and the address of a registry is known only once it is there.
 */
export function substitute<T>(value: T, outputs: ReadonlyMap<string, pulumi.Output<string>>): T {
  if (typeof value === "string") return (outputs.get(value) ?? value) as T;
  if (Array.isArray(value)) return value.map(item => substitute(item, outputs)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, outputs)])) as T;
}
