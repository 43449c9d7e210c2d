import type * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { approvalDocument } from "../../../src/components/aws/approval-document";
import { only, type Registered } from "../record";
import { accountId, approver, recordPipeline } from "./pipeline-stack";
import { policyOf, statement } from "./reading";

interface Step {
  name: string;
  action: string;
  onFailure?: string;
  isEnd?: boolean;
  inputs: Record<string, unknown>;
}

let all: Registered[];
beforeAll(async () => {
  all = await recordPipeline();
});
const document = () =>
  JSON.parse(String(only(all, "aws:ssm/document:Document").inputs.content)) as { mainSteps: Step[] };
const policy = (name: string) => policyOf(only(all, "aws:iam/rolePolicy:RolePolicy", name));

describe("the way of an object (CP-11, CP-12)", () => {
  test("a new object below the prefix, and only there, is told to the hand-off queue", () => {
    expect(only(all, "aws:s3/bucketNotification:BucketNotification").inputs).toMatchObject({
      bucket: "pipeline-dev-artifacts",
      queues: [
        {
          queueArn: "arn:aws:mock:::pipeline-dev-release-hand-off",
          events: ["s3:ObjectCreated:*"],
          filterPrefix: "scripts/",
        },
      ],
    });
  });

  test("S3 may send there, for this bucket of this account", () => {
    const queue = only(all, "aws:sqs/queuePolicy:QueuePolicy", "pipeline-dev-release-hand-off");
    expect(statement(queue, "NotificationsOfTheBucket")).toMatchObject({
      Principal: { Service: "s3.amazonaws.com" },
      Condition: {
        StringEquals: { "aws:SourceAccount": accountId },
        ArnEquals: { "aws:SourceArn": "arn:aws:s3:::pipeline-dev-artifacts" },
      },
    });
    const key = only(all, "aws:kms/key:Key", "palisade-dev-artifacts");
    expect(statement(key, "BucketNotificationsOfTheAccount")).toMatchObject({
      Principal: { Service: "s3.amazonaws.com" },
    });
  });

  test("a batch fails message by message, and what fails is set aside", () => {
    expect(only(all, "aws:lambda/eventSourceMapping:EventSourceMapping").inputs).toMatchObject({
      eventSourceArn: "arn:aws:mock:::pipeline-dev-release-hand-off",
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
    const waiting = only(all, "aws:sqs/queue:Queue", "pipeline-dev-release-hand-off").inputs;
    const { timeout } = only(all, "aws:lambda/function:Function", "pipeline-dev-release-hand-off").inputs;
    expect(Number(waiting.visibilityTimeoutSeconds)).toBeGreaterThanOrEqual(6 * Number(timeout));
    const redrive = only(all, "aws:sqs/redrivePolicy:RedrivePolicy", "pipeline-dev-release-hand-off").inputs;
    expect(String(redrive.redrivePolicy)).toContain("release-hand-off-dead");
  });

  test("the function starts this document and no other, tags below the prefix, and reads no object", () => {
    const statements = policy("pipeline-dev-release-hand-off");
    const of = (action: string) => statements.find(s => [s.Action].flat().includes(action));
    expect(of("ssm:StartAutomationExecution")?.Resource).toEqual([
      expect.stringMatching(/:document\//),
      `arn:aws:ssm:eu-central-1:${accountId}:automation-execution/*`,
    ]);
    expect(of("iam:PassRole")).toMatchObject({
      Resource: "arn:aws:mock:::pipeline-dev-render-release",
      Condition: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
    });
    expect(of("s3:PutObjectVersionTagging")?.Resource).toBe("arn:aws:s3:::pipeline-dev-artifacts/scripts/*");
    expect(JSON.stringify(statements)).not.toMatch(
      /s3:GetObject"|s3:GetObjectVersion"|sqs:SendMessage|"Resource":"\*"/,
    );
  });
});

test("the function logs by the platform's records, and they say whose it is (RT-23)", async () => {
  const { code, environment } = only(all, "aws:lambda/function:Function", "pipeline-dev-release-hand-off").inputs;
  expect(Object.keys(await (code as pulumi.asset.AssetArchive).assets)).toEqual(["hand_off.py", "log_record.py"]);
  expect(environment).toMatchObject({
    variables: {
      PALISADE_ENV: "dev",
      PALISADE_WORKLOAD: "pipeline",
      PALISADE_SERVICE: "approval-hand-off",
      BUILD_SHA: "0".repeat(40),
    },
  });
});

describe("the automation", () => {
  test("waits for one of the approvers of the stack, records, and only then releases", () => {
    const { mainSteps } = document();
    expect(mainSteps.map(step => step.action)).toEqual([
      "aws:approve",
      "aws:executeScript",
      "aws:assertAwsResourceProperty",
      "aws:executeAwsApi",
    ]);
    expect(mainSteps[0]?.inputs).toMatchObject({ Approvers: [approver], MinRequiredApprovals: 1 });
    // No step is jumped over, and none that fails is passed by.
    for (const step of mainSteps) {
      expect(step.onFailure).toBe("Abort");
      expect(JSON.stringify(step)).not.toMatch(/nextStep|isCritical|NextStep/);
    }
    expect(mainSteps.at(-1)?.inputs).toMatchObject({ Service: "sqs", Api: "SendMessage" });
  });

  test("carries who approved into record and message", () => {
    const [, compose, record, release] = document().mainSteps;
    expect(compose?.inputs.InputPayload).toMatchObject({
      approvers: "{{ Approve.ApproverDecisions }}",
      key: "{{ Key }}",
      versionId: "{{ VersionId }}",
      execution: "{{ automation:EXECUTION_ID }}",
    });
    expect(String(compose?.inputs.Script)).toContain("def compose(");
    expect(JSON.stringify(record?.inputs)).toContain("{{ Compose.Message }}");
    expect(release?.inputs.MessageBody).toBe("{{ Compose.Message }}");
  });

  test("acts in a role that sends to its queue and records, and that only Systems Manager of this account takes on", () => {
    const statements = policy("pipeline-dev-render-release");
    expect(statements.map(s => s.Action)).toEqual([
      "sqs:SendMessage",
      ["kms:GenerateDataKey", "kms:Decrypt"],
      "events:PutEvents",
    ]);
    expect(statements[2]?.Condition).toEqual({ StringEquals: { "events:source": "palisade.approvals" } });
    const role = only(all, "aws:iam/role:Role", "pipeline-dev-render-release");
    expect(policyOf(role, "assumeRolePolicy")[0]).toMatchObject({
      Principal: { Service: "ssm.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": accountId } },
    });
  });

  test("takes no key that could break out of its templates", () => {
    const { parameters } = approvalDocument({
      workload: "w",
      approval: "a",
      description: "d",
      bucketName: "b",
      queueUrl: "q",
      roleArn: "r",
      approvers: [approver],
      composeScript: "",
    }) as { parameters: { Key: { allowedPattern: string } } };
    const pattern = new RegExp(parameters.Key.allowedPattern);
    expect(pattern.test("scripts/%C3%BC%20a.json")).toBe(true);
    for (const key of ['"', "{{ x }}", "a b", "ü", "", "a".repeat(513)]) expect(pattern.test(key)).toBe(false);
  });
});

describe("the record of decisions", () => {
  const rules = () =>
    new Map(
      all
        .filter(r => r.type === "aws:cloudwatch/eventRule:EventRule")
        .map(r => [r.name.replace("pipeline-dev-approvals-", ""), JSON.parse(String(r.inputs.eventPattern))]),
    );

  test("has every end of an execution in exactly one of two rules, who decided, and what was released", () => {
    const unreleased: string[] = rules().get("unreleased").detail.Status;
    expect(rules().get("progress").detail.Status).toEqual([{ "anything-but": unreleased }]);
    expect(rules().get("decisions")).toEqual({ source: ["palisade.approvals"], detail: { workload: ["pipeline"] } });
    expect(rules().get("signals").detail.eventName).toContain("SendAutomationSignal");
  });

  test("goes to a log group that is encrypted and sent to the archive nobody can alter (PF-2)", () => {
    const log = only(all, "aws:cloudwatch/logGroup:LogGroup", "pipeline-dev-approvals").inputs;
    expect(log).toMatchObject({ name: "/aws/events/palisade/dev/pipeline/approvals" });
    expect(log.kmsKeyId).toBeDefined();
    const archived = all.filter(r => r.type.endsWith(":LogSubscriptionFilter")).map(r => r.inputs.logGroup);
    expect(archived).toContain(log.name);
    const targets = all.filter(
      r => r.type === "aws:cloudwatch/eventTarget:EventTarget" && r.name.startsWith("pipeline-dev"),
    );
    expect(targets).toHaveLength(4);
    for (const { inputs } of targets) expect(inputs.arn).toBe("arn:aws:mock:::pipeline-dev-approvals");
  });

  test("an end without a release rings, and so does evidence that cannot be written", () => {
    const alarms = all.filter(r => r.type.endsWith(":MetricAlarm") && r.name.startsWith("pipeline-dev-approvals-"));
    expect(alarms.filter(r => r.inputs.metricName === "FailedInvocations")).toHaveLength(4);
    expect(alarms.filter(r => r.inputs.metricName === "TriggeredRules").map(r => r.inputs.dimensions)).toHaveLength(1);
  });
});

test.each([[[]], [Array.from({ length: 11 }, () => approver)]])("approvers are one to ten", async approvers => {
  await expect(recordPipeline({ approvers })).rejects.toThrow(
    `\`approvers\` has ${approvers.length}; approval \`release\` takes 1 to 10 (CP-11)`,
  );
});
