// Platform: what a stack in SaaS mode with `compute: eks` has besides: from its configuration to the arguments of components (PF-1).
import * as pulumi from "@pulumi/pulumi";
import type { EksChoice } from "../components/aws/eks-environment";
import { nodePorts } from "../components/aws/eks-node-ports";
import { nodesFor, podServices } from "../components/aws/eks-node-size";
import { requireBuiltOnEks } from "../components/aws/eks-not-built-yet";
import { securityGroupPolicyDefinition } from "../components/aws/eks-stand-in";
import type { SaasFoundation } from "../components/aws/saas-foundation";
import type { SaasWorkloadArgs } from "../components/aws/saas-workload-args";
import { ClusterFoundation } from "../components/kubernetes/cluster-foundation";
import { clusterProvider } from "../components/kubernetes/cluster-provider";
import type { StackConfig } from "../config/load";
import type { Workload } from "../workload/workload";
import { requireKubeconfig } from "./kubeconfig-check";

/**
 * The cluster as the stack chooses it; none with `compute: fargate`.
 * @throws RunError before anything is registered, with every part of a specification that EKS does not make.
 */
export function eksOf(
  { compute, eks, network, secrets }: StackConfig,
  workloads: readonly Workload[],
): EksChoice | undefined {
  if (compute !== "eks" || !eks) return undefined;
  requireBuiltOnEks(workloads, secrets);
  const needed = nodesFor(workloads, eks.nodeType, network.zones.length);
  const count = Math.max(needed, eks.minNodes ?? 0);
  const maximum = eks.maxNodes ?? count + 2;
  if (maximum < count)
    throw new pulumi.RunError(
      `Nothing was registered: palisade:eks.maxNodes is ${maximum}, and the workloads at their most replicas need ${count} nodes of type ${eks.nodeType}.`,
    );
  return {
    nodeType: eks.nodeType,
    count,
    maximum,
    releaseRoleArn: eks.releaseRoleArn,
    adminRoleArn: eks.adminRoleArn,
    fromRanges: Object.fromEntries(network.peers.map(({ name, cidr }) => [name, cidr])),
    publicRanges: eks.publicAccessCidrs,
    serviceRange: eks.serviceRange,
    files: workloads.some(
      workload => podServices(workload).length > 0 && Object.keys(workload.state.volumes).length > 0,
    ),
  };
}

/**
 * Where objects go: the cluster of the foundation; in a local AWS, which has no control plane, the cluster that stands in
 * for it, or nowhere, which the run says.
 */
export function controlPlane(
  { localAws, environment }: StackConfig,
  { eks }: SaasFoundation,
): SaasWorkloadArgs["kubernetes"] {
  if (!eks) return undefined;
  if (localAws && !localAws.kubeconfig) {
    void pulumi.log.warn(
      "The objects of the workloads are made and not applied: a local AWS has no control plane. palisade:localAws.kubeconfig names a cluster that stands in for it.",
    );
    return undefined;
  }
  const kubeconfig = localAws ? requireKubeconfig(localAws.kubeconfig) : eks.kubeconfig;
  const provider = clusterProvider("cluster", { kubeconfig });
  const objects = localAws ? [securityGroupPolicyDefinition] : [];
  const foundation = new ClusterFoundation(
    `palisade-${environment}-pods`,
    { contents: { objects, secrets: [] }, supplied: {} },
    { provider },
  );
  return { provider, foundation };
}

/** Digests of the helpers that pods have. */
export function clusterImages({ platformImages }: StackConfig): SaasWorkloadArgs["clusterImages"] {
  const { collector, "egress-proxy": egressProxy, "workload-guard": guard } = platformImages;
  return {
    ...(collector && { collector }),
    ...(egressProxy && { "egress-proxy": egressProxy }),
    ...(guard && { "workload-guard": guard }),
  };
}

/** Ports of nodes for every public service of the stack. */
export function publicNodePorts(workloads: readonly Workload[]): ReturnType<typeof nodePorts> {
  return nodePorts(
    workloads.flatMap(workload =>
      podServices(workload)
        .filter(([, { network }]) => network.exposure === "public")
        .map(([name]) => `${workload.name}/${name}`),
    ),
  );
}
