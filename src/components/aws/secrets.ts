// AWS components: the secrets of one workload in Secrets Manager. Tasks fetch them at start by their own identity (SA-8, PF-7).
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { Workload } from "../../workload/workload";
import { policyJson } from "./statements";

export interface WorkloadSecretsArgs {
  /** Secrets of the workload's specification. */
  secrets: Workload["secrets"];
  /** KMS key that encrypts them (SA-7). */
  keyArn: pulumi.Input<string>;
  /** The only account whose identities may use them. */
  accountId: pulumi.Input<string>;
  /** Days a deleted secret can still be called back: 7 to 30, or 0 for none at all (dev). */
  recoveryWindowInDays: number;
  /**
   * Values of `supplied` secrets, by name. One that is left out is created without a value, for an operator to set;
   * its readers do not start before.
   */
  supplied?: Record<string, pulumi.Input<string>>;
}

/** @throws Error if the recovery window is not one AWS has, or `supplied` names a secret that is not supplied. */
export class WorkloadSecrets extends pulumi.ComponentResource {
  private readonly arns: Record<string, pulumi.Output<string>>;
  private readonly generated: Record<string, pulumi.Output<string>> = {};

  constructor(name: string, args: WorkloadSecretsArgs, options?: pulumi.ComponentResourceOptions) {
    requireRecoveryWindow(args.recoveryWindowInDays);
    requireSuppliedOnly(args);
    super("palisade:aws:WorkloadSecrets", name, {}, options);

    this.arns = Object.fromEntries(
      Object.entries(args.secrets).map(([secret, spec]) => [secret, this.store(name, secret, spec, args)]),
    );
    this.registerOutputs({ arns: this.arns });
  }

  /**
   * ARN of a secret, known once it has its value, if the platform gives it one.
   * @throws Error if the workload has no such secret.
   */
  arnOf(secret: string): pulumi.Output<string> {
    const arn = this.arns[secret];
    if (!arn) throw new Error(`no secret \`${secret}\`; there are ${list(Object.keys(this.arns))}`);
    return arn;
  }

  /** Value of a secret that the platform made, for a second store that other readers take it from; else undefined. */
  generatedValue(secret: string): pulumi.Output<string> | undefined {
    return this.generated[secret];
  }

  private store(
    component: string,
    name: string,
    spec: Workload["secrets"][string],
    args: WorkloadSecretsArgs,
  ): pulumi.Output<string> {
    const child = `${component}-${name.toLowerCase().replaceAll("_", "-")}`;
    const secret = new secretsmanager.Secret(
      child,
      {
        description: spec.description,
        kmsKeyId: args.keyArn,
        recoveryWindowInDays: args.recoveryWindowInDays,
        tags: { "palisade:secret": name, "palisade:rotation-days": String(spec.rotationDays) },
      },
      { parent: this },
    );
    const policy = new secretsmanager.SecretPolicy(
      child,
      { secretArn: secret.arn, blockPublicPolicy: true, policy: denials(secret.arn, args.accountId) },
      { parent: this },
    );
    const value = spec.source === "generated" ? this.generate(child, name, spec.length) : args.supplied?.[name];
    if (value === undefined) return secret.arn;
    const version = new secretsmanager.SecretVersion(
      child,
      { secretId: secret.id, secretString: pulumi.secret(value) },
      // The value never lies there unguarded.
      { parent: this, dependsOn: [policy] },
    );
    return version.arn;
  }

  /** Letters and digits only: they survive every shell, URL and connection string. 24 of them hold 142 bits. */
  private generate(child: string, name: string, length: number): pulumi.Output<string> {
    const { result } = new RandomPassword(child, { length, special: false }, { parent: this });
    this.generated[name] = result;
    return result;
  }
}

/** What no identity policy can allow. */
function denials(secretArn: pulumi.Output<string>, accountId: pulumi.Input<string>): pulumi.Output<string> {
  const everything = { Effect: "Deny" as const, Principal: "*" as const, Action: "secretsmanager:*" };
  return policyJson([
    {
      Sid: "DenyPlainHttp",
      ...everything,
      Resource: secretArn,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    {
      Sid: "DenyOtherAccounts",
      ...everything,
      Resource: secretArn,
      // AWS's own services act without an account; what they may do is bound by their roles.
      Condition: {
        StringNotEquals: { "aws:PrincipalAccount": accountId },
        BoolIfExists: { "aws:PrincipalIsAWSService": "false" },
      },
    },
  ]);
}

function requireRecoveryWindow(days: number): void {
  if (days !== 0 && !(Number.isInteger(days) && days >= 7 && days <= 30))
    throw new Error(`\`recoveryWindowInDays\` is ${days}; allowed are 0, and 7 to 30`);
}

function requireSuppliedOnly({ secrets, supplied }: WorkloadSecretsArgs): void {
  const allowed = Object.keys(secrets).filter(name => secrets[name]?.source === "supplied");
  for (const name of Object.keys(supplied ?? {}))
    if (!allowed.includes(name))
      throw new Error(`\`supplied\` has a value for \`${name}\`; the workload takes values for ${list(allowed)}`);
}

function list(names: readonly string[]): string {
  return names.length > 0 ? names.map(name => `\`${name}\``).join(", ") : "none";
}
