// AWS components: the two identities of a machine service: the machine's, and that of the process on it (SA-13, CP-3).
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { type MachineRights, machineStatements } from "./machine-statements";
import { policyJson } from "./statements";

export interface MachineIdentitiesArgs extends Omit<MachineRights, "processRoleArn"> {
  /** What the process may do. */
  processStatements: iam.PolicyStatement[];
}

/**
 * The instance role is for the agent and Docker alone: a container cannot reach the metadata service, and is handed the
 * credentials of the process's role instead.
 */
export class MachineIdentities extends pulumi.ComponentResource {
  /** ARN of the instance profile, known once the machine's policy is attached. */
  readonly instanceProfileArn: pulumi.Output<string>;
  /** ARN of the process's role, known once its policy is attached. */
  readonly processRoleArn: pulumi.Output<string>;

  constructor(name: string, args: MachineIdentitiesArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:MachineIdentities", name, {}, options);
    const child = { parent: this };

    const machine = this.role(`${name}-machine`, `Machines of ${name}`, { Service: "ec2.amazonaws.com" });
    const process = this.role(`${name}-process`, `Processes of ${name}`, { AWS: machine.arn });
    const policies = [
      this.policy(`${name}-machine`, machine, machineStatements({ ...args, processRoleArn: process.arn })),
      ...(args.processStatements.length > 0 ? [this.policy(`${name}-process`, process, args.processStatements)] : []),
    ];
    const profile = new iam.InstanceProfile(logicalName(name, "role"), { role: machine.id }, child);

    const attached = pulumi.all(policies.map(policy => policy.id));
    this.instanceProfileArn = pulumi.all([profile.arn, attached]).apply(([arn]) => arn);
    this.processRoleArn = pulumi.all([process.arn, attached]).apply(([arn]) => arn);
    this.registerOutputs({ instanceProfileArn: this.instanceProfileArn, processRoleArn: this.processRoleArn });
  }

  private role(name: string, description: string, principal: iam.PolicyStatement["Principal"]): iam.Role {
    const assumeRolePolicy = policyJson([{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }]);
    return new iam.Role(logicalName(name, "role"), { description, assumeRolePolicy }, { parent: this });
  }

  private policy(name: string, role: iam.Role, statements: iam.PolicyStatement[]): iam.RolePolicy {
    return new iam.RolePolicy(name, { role: role.name, policy: policyJson(statements) }, { parent: this });
  }
}
