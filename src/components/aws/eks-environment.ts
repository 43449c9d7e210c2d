// AWS components: the EKS cluster of one environment with all that makes it one: access, network, add-ons, nodes (PF-1, SA-2, SA-12).
import * as pulumi from "@pulumi/pulumi";
import { EksAccess, type EksAccessArgs } from "./eks-access";
import { EksAddons } from "./eks-addons";
import { EksCluster, type EksClusterArgs } from "./eks-cluster";
import { clusterKubeconfig } from "./eks-kubeconfig";
import { EksNetwork, type EksNetworkArgs } from "./eks-network";
import { EksNodes, type EksNodesArgs } from "./eks-nodes";
import type { PodRole } from "./eks-pod-role";

/** What a stack decides about its cluster. */
export interface EksChoice
  extends Pick<EksNodesArgs, "nodeType" | "count" | "maximum">,
    Pick<EksAccessArgs, "releaseRoleArn" | "adminRoleArn" | "fromRanges">,
    Pick<EksClusterArgs, "publicRanges" | "serviceRange"> {
  /** Whether workloads mount file systems. */
  files: boolean;
}

export interface EksEnvironmentArgs
  extends EksChoice,
    Pick<
      EksClusterArgs,
      "accountId" | "region" | "vpcId" | "subnetIds" | "secretsKeyArn" | "log" | "deletionProtection"
    >,
    Pick<EksNetworkArgs, "endpoints">,
    Pick<EksNodesArgs, "diskKeyArn"> {
  environment: string;
}

export class EksEnvironment extends pulumi.ComponentResource {
  /** Known once the release may act in the cluster. */
  readonly name: pulumi.Output<string>;
  readonly serviceRange: string;
  readonly network: EksNetwork;
  readonly nodes: EksNodes;
  /** Role in which nodes mount file systems, if workloads have some. */
  readonly filesRole?: PodRole;
  /** How `kubectl` and the engine reach it, as themselves: no credential is in it. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: EksEnvironmentArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:EksEnvironment", name, {}, options);
    const child = { parent: this };
    const cluster = new EksCluster(name, args, child);
    const common = { ...args, clusterName: cluster.name };
    const access = new EksAccess(name, { ...common, securityGroupId: cluster.securityGroupId }, child);
    this.network = new EksNetwork(name, { ...args, controlPlaneGroupId: cluster.securityGroupId }, child);
    const addons = new EksAddons(name, common, child);
    this.nodes = new EksNodes(
      name,
      { ...common, securityGroupId: this.network.nodeGroupId, dependsOn: addons.beforeNodes },
      child,
    );
    addons.addOnNodes(this.nodes);

    this.name = pulumi.all([cluster.name, access.released]).apply(([of]) => of);
    this.serviceRange = args.serviceRange;
    this.filesRole = addons.filesRole;
    this.kubeconfig = pulumi
      .all([this.name, cluster.endpoint, cluster.certificateAuthority])
      .apply(([of, endpoint, certificateAuthority]) =>
        clusterKubeconfig({ name: of, endpoint, certificateAuthority, region: args.region }),
      );
    this.registerOutputs({ name: this.name });
  }
}
