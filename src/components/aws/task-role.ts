// AWS components: the role the processes of one service hold. One service, one identity (SA-13, CP-3).
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { policyJson, trustTasks } from "./statements";

export interface TaskRoleArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** What the service may do; empty for a service that calls no AWS API. See `statements.ts` for the usual ones. */
  statements: iam.PolicyStatement[];
  /** Managed policy that bounds whatever the statements allow; default none. */
  permissionsBoundaryArn?: pulumi.Input<string>;
}

export class TaskRole extends pulumi.ComponentResource {
  /** ARN of the role, known once its policy is attached. */
  readonly arn: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: TaskRoleArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:TaskRole", name, {}, options);
    const role = new iam.Role(
      logicalName(name, "role"),
      {
        description: `Processes of ${name}`,
        assumeRolePolicy: policyJson([trustTasks(args.region, args.accountId)]),
        permissionsBoundary: args.permissionsBoundaryArn,
      },
      { parent: this },
    );
    const policies =
      args.statements.length > 0
        ? [new iam.RolePolicy(name, { role: role.name, policy: policyJson(args.statements) }, { parent: this })]
        : [];

    this.name = role.name;
    this.arn = pulumi.all([role.arn, pulumi.all(policies.map(policy => policy.id))]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn, name: this.name });
  }
}
