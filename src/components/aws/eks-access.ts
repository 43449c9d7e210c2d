// AWS components: who may call the API server of an EKS cluster: named roles, each by an entry of its own (SA-13, CP-3).
import * as eks from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import { ingressRule } from "./security-group-rule";

export interface EksAccessArgs {
  clusterName: pulumi.Input<string>;
  /** Role that applies the workloads' objects: the release's own. */
  releaseRoleArn: pulumi.Input<string>;
  /** Role that people take when the release cannot help; left out: nobody can (SA-13). */
  adminRoleArn?: pulumi.Input<string>;
  /** Of the control plane's interfaces. */
  securityGroupId: pulumi.Input<string>;
  /** Private ranges from which pipeline and people reach the API server, by a name for each: a peered network. */
  fromRanges: Record<string, string>;
}

/** Everything in the cluster; there is no smaller policy that may make namespaces and policies of their networks. */
const administrator = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";

export class EksAccess extends pulumi.ComponentResource {
  /** Known once the release may act. */
  readonly released: pulumi.Output<string>;

  constructor(name: string, args: EksAccessArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:EksAccess", name, {}, options);
    this.released = this.admit(`${name}-release`, args.clusterName, args.releaseRoleArn);
    if (args.adminRoleArn) this.admit(`${name}-admin`, args.clusterName, args.adminRoleArn);
    for (const [peerName, cidrIpv4] of Object.entries(args.fromRanges))
      ingressRule(
        `${name}-from-${peerName}`,
        { securityGroupId: args.securityGroupId, peerName, peer: { cidrIpv4 }, port: 443 },
        this,
      );
    this.registerOutputs({ released: this.released });
  }

  private admit(name: string, clusterName: pulumi.Input<string>, principalArn: pulumi.Input<string>) {
    const entry = new eks.AccessEntry(name, { clusterName, principalArn, type: "STANDARD" }, { parent: this });
    const policy = new eks.AccessPolicyAssociation(
      name,
      { clusterName, principalArn: entry.principalArn, policyArn: administrator, accessScope: { type: "cluster" } },
      { parent: this },
    );
    return policy.id;
  }
}
