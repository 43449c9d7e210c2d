// AWS components: what a stack has in its second region: keys for the copies, and alarms about them (CP-12, SA-7).
import * as pulumi from "@pulumi/pulumi";
import { AlarmTopic, type AlarmTopicArgs } from "./alarm-topic";
import { DataKeys } from "./keys";

export interface SecondRegionArgs extends Pick<AlarmTopicArgs, "emails" | "pagerEndpoint"> {
  /** Such as `eu-west-1`; other than the stack's own. */
  region: string;
  environment: string;
  accountId: pulumi.Input<string>;
  /** Days a deleted key can still be called back, 7 to 30. */
  keyDeletionDays: number;
}

/**
 * Give it a provider of that region; whatever else stands there is created with `{ provider: secondRegion.provider }`.
 * CloudWatch has the latency of a replication in the region of the copy, and alarms call topics of their own region only.
 */
export class SecondRegion extends pulumi.ComponentResource {
  readonly region: string;
  readonly keys: DataKeys;
  readonly alarmTopic: AlarmTopic;

  constructor(
    name: string,
    args: SecondRegionArgs,
    /** Of the second region. */
    readonly provider: pulumi.ProviderResource,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:SecondRegion", name, {}, { ...options, provider });
    const { region, accountId, environment, emails, pagerEndpoint } = args;
    const child = { parent: this };
    this.region = region;
    this.keys = new DataKeys(name, { region, accountId, environment, deletionWindowDays: args.keyDeletionDays }, child);
    this.alarmTopic = new AlarmTopic(
      `${name}-alarms`,
      { region, accountId, emails, pagerEndpoint, keyArn: this.keys.arnOf("logs") },
      child,
    );
    this.registerOutputs({ region, alarmTopic: this.alarmTopic.arn });
  }
}
