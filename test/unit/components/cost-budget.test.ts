import { expect, test } from "vitest";
import { CostBudget } from "../../../src/components/aws/cost-budget";
import { only } from "../record";
import { recordTypes } from "./samples";

const build = (monthlyUsd: number) =>
  recordTypes(["aws:budgets/budget:Budget"], () => {
    new CostBudget("x", {
      accountId: "123456789012",
      monthlyUsd,
      tag: { key: "palisade:workload", value: "x-dev" },
      topicArn: "arn:topic",
    });
  });

test("warns at 80 and 100 % of what was spent and at a forecast of more, and counts only its tag (CP-12)", async () => {
  const { inputs } = only(await build(200), "aws:budgets/budget:Budget");
  expect(inputs).toMatchObject({
    accountId: "123456789012",
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: "200",
    limitUnit: "USD",
    costFilters: [{ name: "TagKeyValue", values: ["user:palisade:workload$x-dev"] }],
  });
  const common = {
    thresholdType: "PERCENTAGE",
    comparisonOperator: "GREATER_THAN",
    subscriberSnsTopicArns: ["arn:topic"],
  };
  expect(inputs.notifications).toEqual([
    { ...common, notificationType: "ACTUAL", threshold: 80 },
    { ...common, notificationType: "ACTUAL", threshold: 100 },
    { ...common, notificationType: "FORECASTED", threshold: 100 },
  ]);
});

test.each([0, -1, Number.NaN])("%d dollars are refused", async amount => {
  await expect(build(amount)).rejects.toThrow(`\`monthlyUsd\` is ${amount}; allowed are amounts above 0`);
});
