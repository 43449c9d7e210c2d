// The account's baseline: each part by itself, what it may do, and where its findings go (PF-2).
import { output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  AccountBaseline,
  type AccountBaselineArgs,
  type AccountBaselineParts,
  baselineKeyStatements,
} from "../../../src/components/aws/account-baseline";
import { AlarmTopic } from "../../../src/components/aws/alarm-topic";
import { DataKeys } from "../../../src/components/aws/keys";
import { only, type Registered } from "../record";
import { policyOf, resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const trail = "aws:cloudtrail/trail:Trail";
const recorder = "aws:cfg/recorder:Recorder";
const channel = "aws:cfg/deliveryChannel:DeliveryChannel";
const recorderStatus = "aws:cfg/recorderStatus:RecorderStatus";
const detector = "aws:guardduty/detector:Detector";
const hub = "aws:securityhub/account:Account";
const standards = "aws:securityhub/standardsSubscription:StandardsSubscription";
const eventRule = "aws:cloudwatch/eventRule:EventRule";
const eventTarget = "aws:cloudwatch/eventTarget:EventTarget";
const bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy";
const lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration";
const logGroup = "aws:cloudwatch/logGroup:LogGroup";
const rolePolicy = "aws:iam/rolePolicy:RolePolicy";
const types = [
  ...[trail, recorder, channel, recorderStatus, detector, hub, standards, eventRule, eventTarget, logGroup],
  ...[bucketPolicy, lock, rolePolicy, "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"],
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketVersioning:BucketVersioning",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
];
const none: AccountBaselineParts = { cloudTrail: false, config: false, guardDuty: false, securityHub: false };
const home = { accountId: "111122223333", region: "eu-central-1" };

function build(parts: Partial<AccountBaselineParts>, changes: Partial<AccountBaselineArgs> = {}) {
  return recordTypes(
    types,
    () =>
      new AccountBaseline("account", {
        ...home,
        keyArn: "arn:key/logs",
        retentionDays: 90,
        logDays: 90,
        sink: { streams: { archive: output("arn:firehose") }, subscriptionRoleArn: output("arn:role") },
        topicArn: "arn:topic",
        parts: { ...none, ...parts },
        ...changes,
      }),
  );
}

const kinds = (registered: readonly Registered[]) => new Set(registered.map(({ type }) => type));

test.each<[keyof AccountBaselineParts, string[]]>([
  ["cloudTrail", [trail, logGroup]],
  ["config", [recorder, channel, recorderStatus]],
  ["guardDuty", [detector, eventRule]],
  ["securityHub", [hub, standards, eventRule]],
])("`%s` makes its own part and no other", async (part, own) => {
  const all = [trail, logGroup, recorder, channel, recorderStatus, detector, hub, standards, eventRule];
  const made = kinds(await build({ [part]: true }));
  expect(all.filter(type => made.has(type))).toEqual(own);
});

describe("CloudTrail", () => {
  const arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/account-trail";

  test("sees all regions, signs what it saw, encrypted", async () => {
    const registered = await build({ cloudTrail: true });
    expect(only(registered, trail).inputs).toMatchObject({
      name: "account-trail",
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      kmsKeyId: "arn:key/logs",
      cloudWatchLogsGroupArn: expect.stringMatching(/:\*$/),
    });
  });

  test("its files cannot be deleted before their time", async () => {
    expect(only(await build({ cloudTrail: true }), lock).inputs.rule).toEqual({
      defaultRetention: { mode: "COMPLIANCE", days: 90 },
    });
    const dev = await build({ cloudTrail: true }, { lockMode: "GOVERNANCE", forceDestroy: true });
    expect(only(dev, lock).inputs.rule).toMatchObject({ defaultRetention: { mode: "GOVERNANCE" } });
  });

  test("only this trail writes to the bucket, and only below the account's prefix", async () => {
    const policy = only(await build({ cloudTrail: true }), bucketPolicy);
    expect(statement(policy, "TrailDelivery")).toMatchObject({
      Principal: { Service: "cloudtrail.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: expect.stringMatching(/^arn:aws:s3:::[^/]+\/AWSLogs\/111122223333\/\*$/),
      Condition: { StringEquals: { "aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control" } },
    });
    expect(statement(policy, "TrailCheck").Condition).toEqual({ StringEquals: { "aws:SourceArn": arn } });
  });

  test("its events go to the log sink, and it writes to its own streams only (RT-23)", async () => {
    const registered = await build({ cloudTrail: true });
    expect(only(registered, logGroup).inputs).toMatchObject({ retentionInDays: 90, kmsKeyId: "arn:key/logs" });
    expect(only(registered, "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter").inputs.destinationArn).toBe(
      "arn:firehose",
    );
    expect(policyOf(only(registered, rolePolicy))).toEqual([
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: expect.stringMatching(/:log-stream:111122223333_CloudTrail_\*$/),
      },
    ]);
  });

  test("the key admits this trail, and nobody's else", () => {
    return expect(keyStatements({ cloudTrail: true })).resolves.toMatchObject([
      {
        Principal: { Service: "cloudtrail.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceArn": arn } },
      },
    ]);
  });
});

describe("AWS Config", () => {
  test("records everything, and is started", async () => {
    const registered = await build({ config: true });
    expect(only(registered, recorder).inputs.recordingGroup).toEqual({
      allSupported: true,
      includeGlobalResourceTypes: true,
    });
    expect(only(registered, recorderStatus).inputs).toMatchObject({ isEnabled: true });
    expect(only(registered, channel).inputs).toMatchObject({ s3KmsKeyArn: "arn:key/logs" });
  });

  test("its bucket has no lock, to which it would not deliver, and keeps what is overwritten as long", async () => {
    const registered = await build({ config: true });
    expect(kinds(registered)).not.toContain(lock);
    expect(
      only(registered, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs.rules,
    ).toMatchObject([{ expiration: { days: 90 }, noncurrentVersionExpiration: { noncurrentDays: 90 } }]);
  });

  test("writes below the account's prefix only", async () => {
    const policy = policyOf(only(await build({ config: true }), rolePolicy));
    const put = policy.find(({ Action }) => Action === "s3:PutObject");
    expect(put?.Resource).toMatch(/\/AWSLogs\/111122223333\/\*$/);
    for (const { Resource } of policy) expect(Resource).not.toBe("*");
  });
});

describe("findings", () => {
  test("of GuardDuty from severity 7, of Security Hub high and critical, go where alarms go", async () => {
    const registered = await build({ guardDuty: true, securityHub: true });
    const pattern = (name: string) => JSON.parse(String(only(registered, eventRule, name).inputs.eventPattern));
    expect(pattern("account-findings-guardduty")).toMatchObject({
      source: ["aws.guardduty"],
      detail: { severity: [{ numeric: [">=", 7] }] },
    });
    expect(pattern("account-findings-securityhub").detail.findings).toMatchObject({
      Severity: { Label: ["HIGH", "CRITICAL"] },
      Workflow: { Status: ["NEW"] },
    });
    const targets = registered.filter(({ type }) => type === eventTarget);
    expect(targets.map(({ inputs }) => inputs.arn)).toEqual(["arn:topic", "arn:topic"]);
  });

  test("the topic admits rules of the account, only where there are some", async () => {
    const topic = (findings: boolean) =>
      recordTypes(
        ["aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"],
        () => new AlarmTopic("alarms", { ...home, keyArn: "arn:key", findings }),
      );
    const policy = only(await topic(true), "aws:sns/topicPolicy:TopicPolicy");
    expect(statement(policy, "FindingsOfTheAccount")).toMatchObject({
      Principal: { Service: "events.amazonaws.com" },
      Action: "sns:Publish",
      Condition: { ArnLike: { "aws:SourceArn": "arn:aws:events:eu-central-1:111122223333:rule/*" } },
    });
    expect(JSON.stringify(policyOf(only(await topic(false), "aws:sns/topicPolicy:TopicPolicy")))).not.toContain(
      "events.amazonaws.com",
    );
  });

  test("the topic's key admits EventBridge, only where it has something to bring", async () => {
    expect(await keyStatements({ guardDuty: true })).toMatchObject([
      { Principal: { Service: "events.amazonaws.com" } },
    ]);
    expect(await keyStatements({ config: true })).toEqual([]);
  });

  test("only the key of class logs is opened", async () => {
    const parts = { ...none, cloudTrail: true, guardDuty: true };
    const registered = await recordTypes(["aws:kms/key:Key", "aws:kms/alias:Alias"], () => {
      const statements = { logs: baselineKeyStatements("account", { ...home, parts }) };
      new DataKeys("keys", { ...home, environment: "prod", deletionWindowDays: 30, statements });
    });
    const opened = registered.filter(
      r => r.type === "aws:kms/key:Key" && /cloudtrail|events/.test(String(r.inputs.policy)),
    );
    expect(opened.map(({ name }) => name)).toEqual(["keys-logs"]);
  });
});

function keyStatements(parts: Partial<AccountBaselineParts>): Promise<unknown> {
  return resolved(output(baselineKeyStatements("account", { ...home, parts: { ...none, ...parts } })));
}
