// Sandbox tests: controls over costs: budgets that warn, and the tag by which they count (CP-12).
import type { AwsApi } from "../aws-api";
import { type Control, control, dev, same, withoutSuffix } from "./control";

interface Budget {
  limit: number;
  filter: string;
  /** Each as `type threshold subscriber`. */
  notifications: string[];
}

const AccountId = "123456789012";

async function budgets(api: AwsApi): Promise<[string, Budget][]> {
  const { Budgets } = await api.json<{
    Budgets: { BudgetName: string; BudgetLimit: { Amount: string }; CostFilters: Record<string, string[]> }[];
  }>("budgets", "DescribeBudgets", { AccountId });
  return Promise.all(
    Budgets.map(async ({ BudgetName, BudgetLimit, CostFilters }): Promise<[string, Budget]> => {
      const { Notifications } = await api.json<{ Notifications: { NotificationType: string; Threshold: number }[] }>(
        "budgets",
        "DescribeNotificationsForBudget",
        { AccountId, BudgetName },
      );
      const notifications = await Promise.all(
        Notifications.map(async Notification => {
          const { Subscribers } = await api.json<{ Subscribers: { Address: string }[] }>(
            "budgets",
            "DescribeSubscribersForNotification",
            { AccountId, BudgetName, Notification },
          );
          const called = Subscribers.some(({ Address }) => Address.startsWith("arn:aws:sns:"))
            ? "calls"
            : "calls nobody";
          return `${Notification.NotificationType} ${Notification.Threshold} ${called}`;
        }),
      );
      return [
        withoutSuffix(BudgetName),
        { limit: Number(BudgetLimit.Amount), filter: CostFilters.TagKeyValue?.join() ?? "", notifications },
      ];
    }),
  );
}

interface Tagged {
  ResourceARN: string;
  Tags: { Key: string; Value: string }[];
}

const tagOf = ({ Tags }: Tagged, key: string) => Tags.find(({ Key }) => Key === key)?.Value;

/** Workload of a resource, by its name. */
const workloadIn = ({ ResourceARN }: Tagged) =>
  /[:/](sanctum|iss|scriptpulse|router|content-pipeline)-dev-/.exec(ResourceARN)?.[1];

/** All with a tag and a workload's name. */
async function tagged(api: AwsApi): Promise<[string, Tagged][]> {
  const { ResourceTagMappingList } = await api.json<{ ResourceTagMappingList: Tagged[] }>("tagging", "GetResources");
  return ResourceTagMappingList.filter(workloadIn).map(resource => [resource.ResourceARN, resource]);
}

const isMachine = ({ ResourceARN }: Tagged) => /:(instance|volume)\//.test(ResourceARN);

export const costControls: readonly Control[] = [
  control(
    "CP-12",
    "budgets warn at what the stack says",
    async api => {
      const found = new Map(await budgets(api));
      return Object.entries(dev.budgets).map(
        ([name, limit]): [string, { limit: number; tag: string; budget?: Budget }] => [
          name,
          { limit, tag: name === "palisade-dev" ? "environment$dev" : `workload$${name}`, budget: found.get(name) },
        ],
      );
    },
    {
      "has that limit": ({ limit, budget }) => budget?.limit === limit,
      "counts what is its own": ({ tag, budget }) => budget?.filter === `user:palisade:${tag}`,
      "warns before and at the limit, and by forecast": ({ budget }) =>
        same(budget?.notifications ?? [], ["ACTUAL 80 calls", "ACTUAL 100 calls", "FORECASTED 100 calls"]),
    },
  ),
  control("CP-12", "what a workload has carries its name, for its costs", tagged, {
    "has the tag": resource => tagOf(resource, "palisade:workload") === `${workloadIn(resource)}-dev`,
  }),
  control(
    "CP-12",
    "machines and their disks carry the workload's name",
    async api => {
      const { ResourceTagMappingList } = await api.json<{ ResourceTagMappingList: Tagged[] }>(
        "tagging",
        "GetResources",
      );
      return ResourceTagMappingList.filter(isMachine).map((one): [string, Tagged] => [one.ResourceARN, one]);
    },
    { "has the tag": resource => tagOf(resource, "palisade:workload") === "content-pipeline-dev" },
  ),
];
