// AWS components: a role that an AWS service takes on, for this account and nobody else's (confused deputy).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { policyJson } from "./statements";

export interface ServiceRoleArgs {
  /** Principal of the service, such as `firehose.amazonaws.com`. */
  service: string;
  /**
   * How the service shows for whom it acts: `aws:SourceAccount` and `aws:SourceArn`, or an external id. Left out for one
   * that says nothing and takes roles of the caller's own account only, by `iam:PassRole`: EC2, Lambda.
   */
  condition?: PolicyStatement["Condition"];
  /** What it may do in the role. */
  permissions: PolicyStatement[];
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** Makes the role; its ARN comes out only once its permissions are in place, so whoever is given it can use it. */
export function serviceRole(name: string, args: ServiceRoleArgs, parent: pulumi.Resource): pulumi.Output<string> {
  const trust: PolicyStatement = {
    Effect: "Allow",
    Principal: { Service: args.service },
    Action: "sts:AssumeRole",
    Condition: args.condition,
  };
  const role = new iam.Role(name, { assumeRolePolicy: policyJson([trust]), tags: args.tags }, { parent });
  const policy = new iam.RolePolicy(name, { role: role.id, policy: policyJson(args.permissions) }, { parent });
  return pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
}
