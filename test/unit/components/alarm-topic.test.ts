import { expect, test } from "vitest";
import { AlarmTopic, type AlarmTopicArgs } from "../../../src/components/aws/alarm-topic";
import { only } from "../record";
import { recordTypes, statementsOf } from "./samples";

const types = ["aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy", "aws:sns/topicSubscription:TopicSubscription"];
const args: AlarmTopicArgs = { region: "eu-central-1", accountId: "111122223333", keyArn: "arn:key/logs" };
const build = (changes: Partial<AlarmTopicArgs> = {}) =>
  recordTypes(types, () => new AlarmTopic("alarms", { ...args, ...changes }));

test("the topic is encrypted, and only the account's own alarms and budgets publish to it", async () => {
  const registered = await build();
  expect(only(registered, "aws:sns/topic:Topic").inputs.kmsMasterKeyId).toBe("arn:key/logs");
  const statements = statementsOf(only(registered, "aws:sns/topicPolicy:TopicPolicy").inputs.policy);
  expect(statements.filter(({ Effect }) => Effect === "Allow")).toEqual([
    {
      Sid: "AlarmsOfTheAccount",
      Effect: "Allow",
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Action: "sns:Publish",
      Resource: "arn:aws:mock:::alarms",
      Condition: {
        StringEquals: { "aws:SourceAccount": "111122223333" },
        ArnLike: { "aws:SourceArn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*" },
      },
    },
    {
      Sid: "BudgetsOfTheAccount",
      Effect: "Allow",
      Principal: { Service: "budgets.amazonaws.com" },
      Action: "sns:Publish",
      Resource: "arn:aws:mock:::alarms",
      Condition: {
        StringEquals: { "aws:SourceAccount": "111122223333" },
        ArnLike: { "aws:SourceArn": "arn:aws:budgets::111122223333:*" },
      },
    },
  ]);
  expect(statements.filter(({ Effect }) => Effect === "Deny")).toMatchObject([
    { Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } },
  ]);
});

test("the pager's address is a secret", async () => {
  const pagerEndpoint = "https://events.pagerduty.com/integration/key/enqueue";
  const { inputs } = only(
    await build({ pagerEndpoint }),
    "aws:sns/topicSubscription:TopicSubscription",
    "alarms-pager",
  );
  expect(inputs).toMatchObject({ protocol: "https", endpointAutoConfirms: true });
  expect(inputs.endpoint).toMatchObject({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value: pagerEndpoint,
  });
});

test("each mail address is subscribed", async () => {
  const registered = await build({ emails: ["a@example.com", "b@example.com"] });
  const subscriptions = registered.filter(r => r.type === "aws:sns/topicSubscription:TopicSubscription");
  expect(subscriptions.map(r => [r.inputs.protocol, r.inputs.endpoint])).toEqual([
    ["email", "a@example.com"],
    ["email", "b@example.com"],
  ]);
});
