// AWS components: keys. One customer-managed KMS key per class of data (SA-7), so that access to one class opens no other.
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as kms from "@pulumi/aws/kms";
import * as pulumi from "@pulumi/pulumi";
import { notifyingClass } from "../../workload/hand-off";
import { type DataClass, dataClass } from "../../workload/names";
import { autoscalingDisks } from "./machine-disks";
import { policyJson } from "./statements";

export interface DataKeysArgs {
  /** Environment whose data the keys encrypt, such as `staging`; part of the aliases `alias/palisade/<environment>/<class>`. */
  environment: string;
  /** Account that owns and administers the keys. */
  accountId: pulumi.Input<string>;
  /** Region of the keys. */
  region: string;
  /** Days between automatic rotations, 90 to 2560; default KMS's own 365 (SA-7). */
  rotationDays?: number;
  /** Machines have their root disks encrypted with the key of class `artifacts` (CP-1); default false. */
  machineDisks?: boolean;
  /** Days a deleted key can still be called back, 7 to 30. After them everything it encrypted is lost. */
  deletionWindowDays: number;
  /** Further statements of a key's policy, by its class: services that encrypt as themselves. */
  statements?: Partial<Record<DataClass, PolicyStatement[]>>;
}

/**
 * The keys of one environment, by data class.
 * @throws Error if `environment`, `rotationDays` or `deletionWindowDays` is not what KMS accepts.
 */
export class DataKeys extends pulumi.ComponentResource {
  readonly keys: Record<DataClass, kms.Key>;

  constructor(name: string, args: DataKeysArgs, options?: pulumi.ComponentResourceOptions) {
    requireEnvironment(args.environment);
    if (args.rotationDays !== undefined) requireBetween("rotationDays", args.rotationDays, 90, 2560);
    requireBetween("deletionWindowDays", args.deletionWindowDays, 7, 30);
    super("palisade:aws:DataKeys", name, {}, options);

    const key = (of: DataClass): kms.Key => {
      const key = new kms.Key(
        `${name}-${of}`,
        {
          description: `Palisade ${args.environment}: ${of}`,
          policy: keyPolicy(of, args),
          enableKeyRotation: true,
          rotationPeriodInDays: args.rotationDays,
          deletionWindowInDays: args.deletionWindowDays,
        },
        { parent: this },
      );
      new kms.Alias(
        `${name}-${of}`,
        { name: `alias/palisade/${args.environment}/${of}`, targetKeyId: key.keyId },
        { parent: this },
      );
      return key;
    };
    this.keys = {
      customer: key("customer"),
      secrets: key("secrets"),
      logs: key("logs"),
      artifacts: key("artifacts"),
      backups: key("backups"),
    };
    this.registerOutputs({ arns: Object.fromEntries(dataClass.options.map(of => [of, this.arnOf(of)])) });
  }

  /** ARN of the key that encrypts data of a class. */
  arnOf(of: DataClass): pulumi.Output<string> {
    return this.keys[of].arn;
  }
}

export type Account = Pick<DataKeysArgs, "accountId" | "region" | "statements" | "machineDisks">;

/** Policy of one key. In a key policy the resource `*` means this key. */
function keyPolicy(of: DataClass, account: Account): pulumi.Output<string> {
  return policyJson([
    administration(account),
    ...(of === "logs" ? [logGroups(account), alarms(account), budgets(account)] : []),
    ...(account.statements?.[of] ?? []),
    ...(of === "artifacts" && account.machineDisks ? autoscalingDisks(account) : []),
    ...(of === notifyingClass ? [notifications(account)] : []),
  ]);
}

/** Hands the decision to the account's IAM policies: without it nobody could administer or use the key. */
export function administration({ accountId }: Pick<Account, "accountId">): PolicyStatement {
  return {
    Sid: "AccountAdministers",
    Effect: "Allow",
    Principal: { AWS: pulumi.interpolate`arn:aws:iam::${accountId}:root` },
    Action: "kms:*",
    Resource: "*",
  };
}

/** CloudWatch Logs encrypts as itself, not as the caller; the encryption context holds it to this account's log groups. */
function logGroups({ accountId, region }: Account): PolicyStatement {
  return {
    Sid: "LogGroupsOfTheAccount",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: {
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": pulumi.interpolate`arn:aws:logs:${region}:${accountId}:log-group:*`,
      },
    },
  };
}

/** Alarms publish to encrypted topics as CloudWatch, which needs the topic's key. */
function alarms({ accountId }: Account): PolicyStatement {
  return {
    Sid: "AlarmsOfTheAccount",
    Effect: "Allow",
    Principal: { Service: "cloudwatch.amazonaws.com" },
    Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceAccount": accountId } },
  };
}

/** Budgets publish to the encrypted alarm topic as themselves (CP-12). */
function budgets({ accountId }: Account): PolicyStatement {
  return {
    Sid: "BudgetsOfTheAccount",
    Effect: "Allow",
    Principal: { Service: "budgets.amazonaws.com" },
    Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceAccount": accountId } },
  };
}

/** S3 tells encrypted queues of new objects as itself (CP-11). */
function notifications({ accountId }: Account): PolicyStatement {
  return {
    Sid: "BucketNotificationsOfTheAccount",
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceAccount": accountId } },
  };
}

function requireEnvironment(environment: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(environment))
    throw new Error(
      `\`environment\` is \`${environment}\`; allowed are lower-case letters, digits and hyphens, after a letter`,
    );
}

function requireBetween(argument: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`\`${argument}\` is ${value}; allowed are whole days from ${least} to ${most}`);
}
