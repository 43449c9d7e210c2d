// AWS components: an EKS cluster. Private endpoint, sealed secrets, every log of its control plane, access by entries alone (PF-1, SA-7, SA-9, SA-13).
import * as ec2 from "@pulumi/aws/ec2";
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { LogStream, type LogStreamArgs } from "./log-stream";
import { policyJson } from "./statements";

export interface EksClusterArgs {
  accountId: pulumi.Input<string>;
  region: string;
  vpcId: pulumi.Input<string>;
  /** Private subnets in at least two zones (SA-2): the control plane has an interface in them. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Range of the addresses that Services have inside the cluster; it overlaps neither the VPC's nor a peer's. */
  serviceRange: string;
  /** Ranges of the internet from which the API server answers, for dev; default none: it has no public address at all (SA-9). */
  publicRanges?: string[];
  /** KMS key that seals Secrets before they are stored (SA-7, SA-8). */
  secretsKeyArn: pulumi.Input<string>;
  /** Where what the control plane logs goes (RT-23); its name is EKS's own. */
  log: Omit<LogStreamArgs, "logGroupName">;
  /** Refuse to be deleted; false where the stack may be thrown away. */
  deletionProtection: boolean;
}

/** Version of Kubernetes; the add-ons of `eks-addons.ts` belong to it. */
export const kubernetesVersion = "1.33";

/** All that EKS can log: calls, who made them, who they were, what was decided. */
const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"] as const;

/** EKS's own policies: they change with what its control plane does, which nobody outside knows. */
const managedPolicies = ["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"];

export class EksCluster extends pulumi.ComponentResource {
  /** Known once the cluster is there. */
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  /** Base64 of the certificate that the API server's is checked by. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Of the control plane's interfaces: whoever calls the API server is let in here. */
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, args: EksClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:EksCluster", name, {}, options);
    const child = { parent: this };
    const { role, policies } = this.role(name, args);
    const group = new ec2.SecurityGroup(
      `${name}-control-plane`,
      { vpcId: args.vpcId, description: `Control plane of ${name}` },
      child,
    );
    // Before the cluster: EKS would make the group itself, without a key and for ever.
    const log = new LogStream(
      `${name}-control-plane`,
      { ...args.log, logGroupName: `/aws/eks/${name}/cluster` },
      child,
    );
    const publicRanges = args.publicRanges ?? [];
    const cluster = new eks.Cluster(
      name,
      {
        // Fixed, since its log group is named after it.
        name,
        version: kubernetesVersion,
        roleArn: role.arn,
        vpcConfig: {
          subnetIds: args.subnetIds,
          securityGroupIds: [group.id],
          endpointPrivateAccess: true,
          endpointPublicAccess: publicRanges.length > 0,
          ...(publicRanges.length > 0 && { publicAccessCidrs: publicRanges }),
        },
        kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: args.serviceRange },
        // No aws-auth, and no way in for whoever happened to create it: every identity has an entry of its own.
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
        encryptionConfig: { provider: { keyArn: args.secretsKeyArn }, resources: ["secrets"] },
        enabledClusterLogTypes: [...logTypes],
        // The add-ons are named and pinned; what EKS would put there is of no stated version.
        bootstrapSelfManagedAddons: false,
        upgradePolicy: { supportType: "STANDARD" },
        deletionProtection: args.deletionProtection,
      },
      { parent: this, dependsOn: [log, ...policies], deleteBeforeReplace: true },
    );

    this.name = cluster.name;
    this.arn = cluster.arn;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.certificateAuthority.apply(({ data }) => data ?? "");
    this.securityGroupId = group.id;
    this.registerOutputs({ name: this.name, endpoint: this.endpoint, securityGroupId: this.securityGroupId });
  }

  private role(name: string, { region, accountId, secretsKeyArn }: EksClusterArgs) {
    const role = new iam.Role(
      logicalName(`${name}-cluster`, "role"),
      {
        description: `Control plane of ${name}`,
        assumeRolePolicy: policyJson([
          {
            Effect: "Allow",
            Principal: { Service: "eks.amazonaws.com" },
            Action: "sts:AssumeRole",
            // For this very cluster, and for nobody else's (confused deputy).
            Condition: {
              StringEquals: { "aws:SourceAccount": accountId },
              ArnEquals: { "aws:SourceArn": pulumi.interpolate`arn:aws:eks:${region}:${accountId}:cluster/${name}` },
            },
          },
        ]),
      },
      { parent: this },
    );
    const attached = managedPolicies.map(
      policy =>
        new iam.RolePolicyAttachment(
          `${name}-cluster-${policy}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
          { parent: this },
        ),
    );
    const seal = new iam.RolePolicy(
      `${name}-cluster`,
      {
        role: role.name,
        policy: policyJson([
          { Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"], Resource: secretsKeyArn },
          {
            Effect: "Allow",
            Action: "kms:CreateGrant",
            Resource: secretsKeyArn,
            Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
          },
        ]),
      },
      { parent: this },
    );
    return { role, policies: [...attached, seal] };
  }
}
