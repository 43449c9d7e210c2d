// Unit tests: people reach a machine by logged, encrypted sessions, and only those of the service (CP-6, CP-9).
import { expect, test } from "vitest";
import { MachineAccess } from "../../../src/components/aws/machine-access";
import { only } from "../record";
import { policyOf, statement } from "./reading";
import { recordTypes } from "./samples";

const document = "aws:ssm/document:Document";
const policy = "aws:iam/policy:Policy";
const build = () =>
  recordTypes(
    [document, policy],
    () =>
      new MachineAccess("bot", {
        region: "eu-central-1",
        accountId: "111122223333",
        documentName: "bot-session",
        logGroupName: "/palisade/dev/sample/bot/sessions",
        keyArn: "arn:key/logs",
        deliveryDocumentArn: "arn:document/deliver",
        serviceTag: "sample-dev-bot",
      }),
  );

test("a session is encrypted on its way, streamed to an encrypted log, and ends", async () => {
  const { inputs } = only(await build(), document);
  expect(inputs).toMatchObject({ name: "bot-session", documentType: "Session" });
  expect(JSON.parse(String(inputs.content))).toMatchObject({
    schemaVersion: "1.0",
    sessionType: "Standard_Stream",
    inputs: {
      s3BucketName: "",
      cloudWatchLogGroupName: "/palisade/dev/sample/bot/sessions",
      cloudWatchEncryptionEnabled: true,
      cloudWatchStreamingEnabled: true,
      kmsKeyId: "arn:key/logs",
      idleSessionTimeout: "20",
      maxSessionDuration: "60",
    },
  });
});

test("operators start sessions on machines of the service, with that document and no other", async () => {
  const operators = only(await build(), policy);
  expect(statement(operators, "SessionMachines").Condition).toEqual({
    StringEquals: { "ssm:resourceTag/palisade:service": "sample-dev-bot" },
    BoolIfExists: { "ssm:SessionDocumentAccessCheck": "true" },
  });
  expect(statement(operators, "SessionDocument").Resource).toBe("arn:aws:mock:::bot-session");
  expect(statement(operators, "OwnSessions").Resource).toMatch(/session\/\$\{aws:userid\}-\*$/);
});

test("they deliver with the document of deliveries, to machines of the service", async () => {
  const sends = policyOf(only(await build(), policy)).filter(s => s.Action === "ssm:SendCommand");
  expect(sends.map(s => s.Resource)).toEqual([
    "arn:aws:ec2:eu-central-1:111122223333:instance/*",
    "arn:document/deliver",
  ]);
  expect(sends[0]?.Condition).toEqual({ StringEquals: { "ssm:resourceTag/palisade:service": "sample-dev-bot" } });
});
