// AWS components: the role that pods of one service account hold in EKS. One service, one identity (SA-13, CP-3, RT-30).
import * as eks from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { policyJson } from "./statements";

export interface PodRoleArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** Cluster whose pods may take it, and no other's. */
  clusterName: pulumi.Input<string>;
  /** What they may do; empty for those that call no AWS API. */
  statements: iam.PolicyStatement[];
}

/** Trust of a role that EKS hands to pods of one cluster of this account, and to nobody else's (confused deputy). */
export function trustPods({ region, accountId, clusterName }: Omit<PodRoleArgs, "statements">): iam.PolicyStatement {
  return {
    Effect: "Allow",
    Principal: { Service: "pods.eks.amazonaws.com" },
    // EKS tags the session with cluster, namespace and service account.
    Action: ["sts:AssumeRole", "sts:TagSession"],
    Condition: {
      StringEquals: { "aws:SourceAccount": accountId },
      ArnEquals: { "aws:SourceArn": pulumi.interpolate`arn:aws:eks:${region}:${accountId}:cluster/${clusterName}` },
    },
  };
}

export class PodRole extends pulumi.ComponentResource {
  /** Known once its policy is attached. */
  readonly arn: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;

  constructor(
    private readonly component: string,
    private readonly args: PodRoleArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:PodRole", component, {}, options);
    const role = new iam.Role(
      logicalName(component, "role"),
      { description: `Pods of ${component}`, assumeRolePolicy: policyJson([trustPods(args)]) },
      { parent: this },
    );
    this.name = role.name;
    const policy = args.statements.length > 0 ? [this.allow("", args.statements).id] : [];
    this.arn = pulumi.all([role.arn, pulumi.all(policy)]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn, name: this.name });
  }

  /** More that its pods may do, as a policy of its own. */
  allow(suffix: string, statements: iam.PolicyStatement[]): iam.RolePolicy {
    const name = suffix ? `${this.component}-${suffix}` : this.component;
    return new iam.RolePolicy(name, { role: this.name, policy: policyJson(statements) }, { parent: this });
  }

  /** Gives the role to the pods of one service account. */
  giveTo(namespace: string, serviceAccount: string): eks.PodIdentityAssociation {
    return new eks.PodIdentityAssociation(
      this.component,
      { clusterName: this.args.clusterName, namespace, serviceAccount, roleArn: this.arn },
      { parent: this },
    );
  }
}
