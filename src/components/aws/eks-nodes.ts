// AWS components: the nodes of an EKS cluster. Private, without a shell, replaced and never mended (PF-1, SA-2, SA-7, SA-9).
import * as ec2 from "@pulumi/aws/ec2";
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { kubernetesVersion } from "./eks-cluster";
import { nodeSettings } from "./eks-node-settings";
import type { NodeType } from "./eks-node-size";
import { policyJson } from "./statements";

export interface EksNodesArgs {
  clusterName: pulumi.Input<string>;
  nodeType: NodeType;
  /** Nodes there are, and most there may be, for instance while they are replaced. */
  count: number;
  maximum: number;
  vpcId: pulumi.Input<string>;
  /** Private subnets over the zones (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Of the nodes' own interfaces, see `EksNetwork`. */
  securityGroupId: pulumi.Input<string>;
  /** KMS key of the disks (SA-7); its policy must admit EC2 Auto Scaling, see `autoscalingDisks`. */
  diskKeyArn: pulumi.Input<string>;
  /** What must stand before a node can be ready: the network add-on. */
  dependsOn: pulumi.Resource[];
}

/** GiB of the disk for images and what containers write to their layers; the system has one of its own, read-only. */
const dataGiB = 50;

/** What a node is to EKS and to the registry. Its network add-on has an identity of its own, and so has every pod. */
const managedPolicies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];

export class EksNodes extends pulumi.ComponentResource {
  /** Name of the auto scaling group, which target groups of the edge attach to. */
  readonly groupName: pulumi.Output<string>;
  readonly nodeRoleArn: pulumi.Output<string>;

  constructor(name: string, args: EksNodesArgs, options?: pulumi.ComponentResourceOptions) {
    if (!Number.isInteger(args.count) || args.count < 1 || args.count > args.maximum)
      throw new Error(`\`count\` is ${args.count}; allowed are whole nodes from 1 to \`maximum\`, ${args.maximum}`);
    super("palisade:aws:EksNodes", name, {}, options);
    const { role, policies } = this.role(name);
    const template = new ec2.LaunchTemplate(name, launchTemplate(name, args), { parent: this });
    const group = new eks.NodeGroup(
      name,
      {
        clusterName: args.clusterName,
        nodeRoleArn: role.arn,
        subnetIds: args.subnetIds,
        version: kubernetesVersion,
        // Bottlerocket: a read-only system checked at each start, and no shell, no SSH, no package manager (SA-13).
        amiType: "BOTTLEROCKET_x86_64",
        capacityType: "ON_DEMAND",
        instanceTypes: [args.nodeType],
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        scalingConfig: { minSize: args.count, maxSize: args.maximum, desiredSize: args.count },
        // One after the other, each drained first: pods' disruption budgets hold (RT-21).
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
      },
      { parent: this, dependsOn: [...policies, ...args.dependsOn] },
    );

    this.groupName = group.resources.apply(made => made[0]?.autoscalingGroups?.[0]?.name ?? "");
    this.nodeRoleArn = role.arn;
    this.registerOutputs({ groupName: this.groupName });
  }

  private role(name: string) {
    const role = new iam.Role(
      logicalName(`${name}-node`, "role"),
      {
        description: `Nodes of ${name}`,
        assumeRolePolicy: policyJson([
          { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
        ]),
      },
      { parent: this },
    );
    const policies = managedPolicies.map(
      policy =>
        new iam.RolePolicyAttachment(
          `${name}-node-${policy}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
          { parent: this },
        ),
    );
    return { role, policies };
  }
}

function launchTemplate(name: string, args: EksNodesArgs): ec2.LaunchTemplateArgs {
  const disk = (deviceName: string, volumeSize: number) => ({
    deviceName,
    ebs: { volumeType: "gp3", volumeSize, encrypted: "true", kmsKeyId: args.diskKeyArn, deleteOnTermination: "true" },
  });
  return {
    description: `Nodes of ${name}`,
    // No key pair, and no public address: their subnets give none.
    vpcSecurityGroupIds: [args.securityGroupId],
    // One hop: a pod, which is one further away, cannot take the node's identity (SA-13).
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    },
    blockDeviceMappings: [disk("/dev/xvda", 4), disk("/dev/xvdb", dataGiB)],
    monitoring: { enabled: true },
    tagSpecifications: ["instance", "volume", "network-interface"].map(resourceType => ({
      resourceType,
      tags: { Name: name },
    })),
    updateDefaultVersion: true,
    userData: Buffer.from(nodeSettings).toString("base64"),
  };
}
