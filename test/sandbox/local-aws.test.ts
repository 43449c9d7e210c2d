// What the local AWS keeps and refuses as AWS does, where moto alone does not: asked past the provider, which never asks for it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, sandboxDown, sandboxUp } from "../../toolchain/sandbox";
import { ensureToolchain } from "../../toolchain/toolchain";
import { AwsApi, texts } from "./aws-api";
import { added, type Census, takeCensus } from "./census";

let directory: string;
let api: AwsApi;
let elsewhere: AwsApi;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-local-aws-"));
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  await sandboxUp((await ensureToolchain()).localAws, directory, endpoint);
  api = new AwsApi(endpoint, "eu-central-1");
  elsewhere = new AwsApi(endpoint, "eu-west-1");
});
afterAll(async () => {
  await sandboxDown(directory);
  rmSync(directory, { recursive: true });
});

type Answer = Record<string, Record<string, string> & { Id: string }>;

test("a DNS firewall is taken down from the outside in, and in no other order", async () => {
  const ask = (action: string, input: object) => api.json<Answer>("route53resolver", action, input);
  const refused = (action: string, input: object) => expect(ask(action, input)).rejects.toThrow(/ConflictException/);
  const [VpcId = ""] = texts(await api.query("ec2", "CreateVpc", { CidrBlock: "10.1.0.0/16" }), "vpcId");
  const { FirewallDomainList } = await ask("CreateFirewallDomainList", { CreatorRequestId: "1", Name: "all" });
  const list = { FirewallDomainListId: FirewallDomainList?.Id };
  await ask("UpdateFirewallDomains", { ...list, Operation: "ADD", Domains: ["*."] });
  const { FirewallRuleGroup } = await ask("CreateFirewallRuleGroup", { CreatorRequestId: "1", Name: "group" });
  const group = { FirewallRuleGroupId: FirewallRuleGroup?.Id };
  const rule = { ...group, ...list, Name: "block", Priority: 1, Action: "BLOCK", BlockResponse: "NXDOMAIN" };
  await ask("CreateFirewallRule", { ...rule, CreatorRequestId: "1" });
  const { FirewallRuleGroupAssociation } = await ask("AssociateFirewallRuleGroup", {
    ...group,
    VpcId,
    CreatorRequestId: "1",
    Name: "vpc",
    Priority: 101,
    MutationProtection: "ENABLED",
  });
  const association = { FirewallRuleGroupAssociationId: FirewallRuleGroupAssociation?.Id };

  await refused("DeleteFirewallDomainList", list);
  await refused("DeleteFirewallRuleGroup", group);
  await expect(ask("DisassociateFirewallRuleGroup", association)).rejects.toThrow(/protected from mutation/);
  await ask("UpdateFirewallRuleGroupAssociation", { ...association, MutationProtection: "DISABLED" });
  await ask("DisassociateFirewallRuleGroup", association);
  await refused("DeleteFirewallRuleGroup", group);
  await ask("DeleteFirewallRule", { ...group, ...list });
  await ask("DeleteFirewallRuleGroup", group);
  await ask("DeleteFirewallDomainList", list);
  await expect(ask("GetFirewallDomainList", list)).rejects.toThrow(/ResourceNotFoundException/);
});

test("a queue keeps its policy when another attribute changes", async () => {
  const { QueueUrl } = await api.json<{ QueueUrl: string }>("sqs", "CreateQueue", { QueueName: "jobs" });
  const statement = { Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: "*" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await api.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy } });
  await api.json("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { VisibilityTimeout: "90" } });
  const { Attributes } = await api.json<{ Attributes: Record<string, string> }>("sqs", "GetQueueAttributes", {
    QueueUrl,
    AttributeNames: ["All"],
  });
  expect(JSON.parse(Attributes.Policy ?? "{}")).toMatchObject({ Statement: [statement] });
  expect(Attributes.VisibilityTimeout).toBe("90");
});

test("an event for a function stays in its queue, and makes no log group that nobody asked for", async () => {
  const { QueueUrl } = await api.json<{ QueueUrl: string }>("sqs", "CreateQueue", { QueueName: "events" });
  const [Role] = texts(
    await api.query("iam", "CreateRole", { RoleName: "reader", AssumeRolePolicyDocument: "{}" }),
    "Role/Arn",
  );
  await api.restJson("lambda", "/2015-03-31/functions", {
    FunctionName: "reader",
    Role,
    Runtime: "python3.13",
    Handler: "reader.handler",
    Code: { ZipFile: Buffer.from("never read").toString("base64") },
    LoggingConfig: { LogFormat: "JSON", LogGroup: "of-its-stack" },
  });
  await api.restJson("lambda", "/2015-03-31/event-source-mappings", {
    FunctionName: "reader",
    EventSourceArn: "arn:aws:sqs:eu-central-1:123456789012:events",
  });
  const groups = async () => (await takeCensus(api))["log groups"];
  const had = await groups();
  await api.json("sqs", "SendMessage", { QueueUrl, MessageBody: "{}" });
  const { Attributes } = await api.json<{ Attributes: Record<string, string> }>("sqs", "GetQueueAttributes", {
    QueueUrl,
    AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
  });
  expect(Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0)).toBeGreaterThan(0);
  expect(await groups()).toEqual(had);
});

test("standards are subscribed to where Security Hub is enabled, and only there", async () => {
  const arn = "arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0";
  const subscribe = () =>
    api.restJson("securityhub", "/standards/register", { StandardsSubscriptionRequests: [{ StandardsArn: arn }] });
  await expect(subscribe()).rejects.toThrow(/not subscribed to AWS Security Hub/);
  await api.restJson("securityhub", "/accounts", { EnableDefaultStandards: false });
  await subscribe();
  expect((await takeCensus(api))["standards subscriptions"]).toHaveLength(1);
});

test("a budget keeps who is told when its limit changes", async () => {
  const AccountId = "123456789012";
  const budget = (Amount: string) => ({
    BudgetName: "month",
    BudgetType: "COST",
    TimeUnit: "MONTHLY",
    BudgetLimit: { Amount, Unit: "USD" },
  });
  const Notification = { NotificationType: "ACTUAL", ComparisonOperator: "GREATER_THAN", Threshold: 80 };
  const Subscribers = [{ SubscriptionType: "EMAIL", Address: "finance@example.com" }];
  const NotificationsWithSubscribers = [{ Notification, Subscribers }];
  await api.json("budgets", "CreateBudget", { AccountId, Budget: budget("100"), NotificationsWithSubscribers });
  await api.json("budgets", "UpdateBudget", { AccountId, NewBudget: budget("200") });
  const asked = { AccountId, BudgetName: "month", Notification };
  expect(await api.json("budgets", "DescribeSubscribersForNotification", asked)).toEqual({ Subscribers });
});

test("the census counts what stands in another region, and counts once what is global", async () => {
  const [before, beforeAlone]: Census[] = [await takeCensus(api, elsewhere), await takeCensus(api)];
  await elsewhere.json("kms", "CreateKey");
  await api.query("iam", "CreateInstanceProfile", { InstanceProfileName: "machine" });
  const now = added(before ?? {}, await takeCensus(api, elsewhere));
  expect(now.keys).toHaveLength(1);
  expect(now["instance profiles"]).toEqual(["machine"]);
  expect(Object.keys(added(beforeAlone ?? {}, await takeCensus(api)))).toEqual(["instance profiles"]);
});
