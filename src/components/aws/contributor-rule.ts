// AWS components: counts log records by the value of one field, so that an alarm can watch the highest count (RT-22).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import type * as aws from "@pulumi/aws/types";
import * as pulumi from "@pulumi/pulumi";

export interface ContributorRuleArgs {
  /** Log group whose lines are records of `src/workload/log-record.ts`. */
  logGroupName: pulumi.Input<string>;
  /** Value of the field `event` of the records that count. */
  event: string;
  /** Field whose values are told apart, such as `persona_tag`. */
  field: string;
}

/**
 * A Contributor Insights rule. The alternatives do not reach: an alarm on metrics has to name every value of a dimension,
 * and one on a Metrics Insights query, which need not, looks at the last three hours only.
 */
export class ContributorRule extends pulumi.ComponentResource {
  readonly ruleName: pulumi.Output<string>;

  constructor(name: string, args: ContributorRuleArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ContributorRule", name, {}, options);
    const rule = new cloudwatch.ContributorInsightRule(
      name,
      { ruleName: name, ruleState: "ENABLED", ruleDefinition: definition(args) },
      { parent: this },
    );
    this.ruleName = rule.ruleName;
    this.registerOutputs({ ruleName: this.ruleName });
  }
}

/** The highest count of one value in each period, in seconds: a query for an alarm or a dashboard. */
export function worstContributor(
  { ruleName }: ContributorRule,
  field: string,
  period: number,
): aws.input.cloudwatch.MetricAlarmMetricQuery {
  return {
    id: "worst",
    label: `highest count of one ${field}`,
    expression: pulumi.interpolate`INSIGHT_RULE_METRIC("${ruleName}", "MaxContributorValue")`,
    period,
    returnData: true,
  };
}

function definition({ logGroupName, event, field }: ContributorRuleArgs): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Schema: { Name: "CloudWatchLogRule", Version: 1 },
    LogGroupNames: [logGroupName],
    LogFormat: "JSON",
    Contribution: { Keys: [`$.${field}`], Filters: [{ Match: "$.event", In: [event] }] },
    AggregateOn: "Count",
  });
}
