// AWS components: a monthly budget, by cost allocation tag; it warns and stops nothing (CP-12).
import * as budgets from "@pulumi/aws/budgets";
import * as pulumi from "@pulumi/pulumi";

export interface CostBudgetArgs {
  /** Account whose costs they are; a provider that asks nobody who it is, as in a local AWS, cannot fill it in. */
  accountId: pulumi.Input<string>;
  /** US dollars a month. */
  monthlyUsd: number;
  /** What counts: resources with this tag. The tag must be activated for cost allocation, once per payer account. */
  tag: { key: string; value: string };
  /** Where it warns; the topic's policy must admit `budgets.amazonaws.com`. */
  topicArn: pulumi.Input<string>;
}

/** What was spent, and what the month will come to; the forecast needs five weeks of history. */
const warnings = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "ACTUAL", threshold: 100 },
  { notificationType: "FORECASTED", threshold: 100 },
] as const;

/** @throws Error unless `monthlyUsd` is positive. */
export class CostBudget extends pulumi.ComponentResource {
  constructor(name: string, args: CostBudgetArgs, options?: pulumi.ComponentResourceOptions) {
    if (!(args.monthlyUsd > 0)) throw new Error(`\`monthlyUsd\` is ${args.monthlyUsd}; allowed are amounts above 0`);
    super("palisade:aws:CostBudget", name, {}, options);
    const { key, value } = args.tag;
    new budgets.Budget(
      name,
      {
        accountId: args.accountId,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        limitAmount: String(args.monthlyUsd),
        limitUnit: "USD",
        costFilters: [{ name: "TagKeyValue", values: [`user:${key}$${value}`] }],
        notifications: warnings.map(warning => ({
          ...warning,
          thresholdType: "PERCENTAGE",
          comparisonOperator: "GREATER_THAN",
          subscriberSnsTopicArns: [args.topicArn],
        })),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
