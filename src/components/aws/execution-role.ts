// AWS components: the role ECS itself takes to start a task: pull the image, fetch the secrets, open the log (SA-8, SA-13).
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { keyUse, policyJson, trustTasks } from "./statements";

export interface ExecutionRoleArgs {
  region: string;
  accountId: pulumi.Input<string>;
  /** ECR repositories the images of the task come from; at least one. */
  repositoryArns: pulumi.Input<string>[];
  /** Log groups the containers write to, without a trailing `:*`; at least one. */
  logGroupArns: pulumi.Input<string>[];
  /** Secrets the containers receive as environment variables; default none (SA-8). */
  secretArns?: pulumi.Input<string>[];
  /** Keys those secrets are encrypted with, usable through Secrets Manager alone; default none. */
  secretKeyArns?: pulumi.Input<string>[];
}

/** @throws Error if a list that must not be empty is. */
export class ExecutionRole extends pulumi.ComponentResource {
  /** ARN of the role, known once its policy is attached: a task started earlier could not pull its image. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: ExecutionRoleArgs, options?: pulumi.ComponentResourceOptions) {
    requireSome("repositoryArns", args.repositoryArns);
    requireSome("logGroupArns", args.logGroupArns);
    super("palisade:aws:ExecutionRole", name, {}, options);

    const role = new iam.Role(
      logicalName(name, "role"),
      {
        description: `ECS starts tasks of ${name}`,
        assumeRolePolicy: policyJson([trustTasks(args.region, args.accountId)]),
      },
      { parent: this },
    );
    const policy = new iam.RolePolicy(
      name,
      { role: role.name, policy: policyJson(permissions(args)) },
      { parent: this },
    );

    this.arn = pulumi.all([role.arn, policy.id]).apply(([arn]) => arn);
    this.registerOutputs({ arn: this.arn });
  }
}

function permissions(args: ExecutionRoleArgs): iam.PolicyStatement[] {
  const statements: iam.PolicyStatement[] = [
    // A registry token is for the account; ECR knows no resource for it.
    { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      Resource: args.repositoryArns,
    },
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: args.logGroupArns.map(arn => pulumi.interpolate`${arn}:*`),
    },
  ];
  const secretArns = args.secretArns ?? [];
  if (secretArns.length > 0)
    statements.push({ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secretArns });
  for (const keyArn of args.secretKeyArns ?? [])
    statements.push(keyUse(keyArn, "secretsmanager", args.region, ["Decrypt"]));
  return statements;
}

function requireSome(argument: string, list: readonly unknown[]): void {
  if (list.length === 0) throw new Error(`\`${argument}\` is empty; a task needs at least one`);
}
