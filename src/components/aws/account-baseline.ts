// AWS components: what watches the whole account. Each part is switchable, for where the organisation has it already (PF-2).
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { AccountConfig } from "./account-config";
import { AccountFindings, type FindingSource } from "./account-findings";
import { AccountGuardDuty } from "./account-guardduty";
import { AccountSecurityHub } from "./account-security-hub";
import { AccountTrail, type AccountTrailArgs, trailKeyStatement } from "./account-trail";

/** Parts that are made. */
export interface AccountBaselineParts {
  cloudTrail: boolean;
  config: boolean;
  guardDuty: boolean;
  securityHub: boolean;
}

export interface AccountBaselineArgs extends AccountTrailArgs {
  parts: AccountBaselineParts;
  /** Where findings go. */
  topicArn: pulumi.Input<string>;
}

export class AccountBaseline extends pulumi.ComponentResource {
  constructor(name: string, args: AccountBaselineArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountBaseline", name, {}, options);
    const { parts, topicArn, ...shared } = args;
    const child = { parent: this };
    if (parts.cloudTrail) new AccountTrail(trailName(name), shared, child);
    const config = parts.config ? [new AccountConfig(`${name}-config`, shared, child)] : [];
    if (parts.guardDuty) new AccountGuardDuty(`${name}-guardduty`, child);
    if (parts.securityHub)
      // Its controls read what Config records.
      new AccountSecurityHub(`${name}-security-hub`, shared, { ...child, dependsOn: config });
    new AccountFindings(`${name}-findings`, { sources: findingSources(parts), topicArn }, child);
    this.registerOutputs({});
  }
}

/** Parts that report findings. */
export function findingSources(parts: AccountBaselineParts): FindingSource[] {
  return (["guardDuty", "securityHub"] as const).filter(source => parts[source]);
}

/** What the policy of the key of data class `logs` needs for the parts. @param name of the `AccountBaseline`. */
export function baselineKeyStatements(
  name: string,
  { parts, ...home }: Pick<AccountBaselineArgs, "parts" | "accountId" | "region">,
): PolicyStatement[] {
  return [
    ...(parts.cloudTrail ? [trailKeyStatement(trailName(name), home)] : []),
    ...(findingSources(parts).length > 0 ? [findingsToTopic] : []),
  ];
}

/**
 * EventBridge publishes to the encrypted topic. KMS sees neither account nor rule of such a delivery, so there is nothing to
 * condition it on: it is the policy of the topic that admits the account's own rules only.
 */
const findingsToTopic: PolicyStatement = {
  Sid: "FindingsToTheTopic",
  Effect: "Allow",
  Principal: { Service: "events.amazonaws.com" },
  Action: ["kms:GenerateDataKey*", "kms:Decrypt"],
  Resource: "*",
};

function trailName(name: string): string {
  return `${name}-trail`;
}
