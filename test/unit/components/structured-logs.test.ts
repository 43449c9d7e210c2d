import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { StructuredLogs, type StructuredLogsArgs } from "../../../src/components/aws/structured-logs";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { only, record } from "../record";
import { resolved } from "./reading";
import { recordTypes, sampleService } from "./samples";

const lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration";
const subscription = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter";
const stream = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const types = [
  alarm,
  lock,
  stream,
  subscription,
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "aws:s3/bucketVersioning:BucketVersioning",
];
const compliance = { kind: "compliance" as const, fields: { run_id: "digest" as const } };
const declared = { kind: "application" as const, fields: { event: "identifier" as const } };
const workload = (
  logs: NonNullable<Parameters<typeof sampleService>[0]>["logs"],
  more: Partial<WorkloadInput> = {},
  service: Parameters<typeof sampleService>[0] = {},
) => defineWorkload({ name: "vault", title: "Vault", services: { api: sampleService({ logs, ...service }) }, ...more });
const tenancy = { tenancy: { claim: "tenant_id", requestsPerMinute: 60 } };

const args = (changes: Partial<StructuredLogsArgs>): StructuredLogsArgs => ({
  accountId: "111122223333",
  region: "eu-central-1",
  keyArn: "arn:key/logs",
  environment: "prod",
  workload: workload([compliance]),
  tenants: [],
  images: { find: name => ({ reference: pulumi.output(`registry/${name}`), repositoryArn: pulumi.output("arn:r") }) },
  logDays: 90,
  complianceDays: 184,
  sink: { streams: {}, subscriptionRoleArn: pulumi.output("arn:role") },
  disposable: false,
  topicArn: "arn:topic",
  ...changes,
});
const build = (changes: Partial<StructuredLogsArgs> = {}, more: (logs: StructuredLogs) => void = () => {}) =>
  recordTypes(types, () => more(new StructuredLogs("vault-prod", args(changes))));

test("compliance records have an archive of their own, which nobody can shorten outside dev (SP-14)", async () => {
  const rule = async (disposable: boolean) =>
    only(await build({ disposable }), lock, "vault-prod-compliance-archive").inputs.rule;
  expect(await rule(false)).toEqual({ defaultRetention: { mode: "COMPLIANCE", days: 184 } });
  expect(await rule(true)).toEqual({ defaultRetention: { mode: "GOVERNANCE", days: 184 } });
});

test("records of no tenant are evidence too, and are archived", async () => {
  const registered = await build();
  expect(only(registered, "aws:cloudwatch/logGroup:LogGroup").inputs.name).toBe("/palisade/prod/vault/api/compliance");
  expect(only(registered, subscription).inputs).toMatchObject({
    filterPattern: "",
    destinationArn: "arn:aws:mock:::vault-prod-compliance-archive",
  });
});

test("records that do not reach the archive ring an alarm", async () => {
  const outputs = { [stream]: () => ({ name: "vault-prod-compliance-archive-1234567" }) };
  const registered = await record({ types, outputs }, () => new StructuredLogs("vault-prod", args({})));
  expect(only(registered, alarm).inputs).toMatchObject({
    metricName: "DeliveryToS3.DataFreshness",
    dimensions: { DeliveryStreamName: "vault-prod-compliance-archive-1234567" },
    alarmActions: ["arn:topic"],
  });
});

test("a collector gets compliance records as it gets every other log", async () => {
  const registered = await build({ siem: { url: "https://siem.example.com", accessKey: "k" } });
  expect(registered.filter(r => r.type === subscription)).toHaveLength(2);
  expect(registered.filter(r => r.type === stream)).toHaveLength(2);
});

test("without a compliance log there is no archive, and without declared logs no router", async () => {
  const registered = await build({ workload: workload([declared]) }, logs => {
    expect(logs.partsFor("api").sidecars).toHaveLength(1);
    expect(Object.keys(logs.tenantSinks)).toEqual(["application"]);
  });
  expect(registered.filter(r => !r.type.startsWith("palisade:"))).toEqual([]);
  await build({ workload: workload([{ kind: "application" }]) }, logs => expect(logs.partsFor("api")).toEqual({}));
});

test("the router may write to its service's groups and those of the workload's tenants, and make none", async () => {
  let resources: Promise<unknown>[] = [];
  await build({ workload: workload([declared, compliance], tenancy), tenants: ["acme"] }, logs => {
    const { statements = [] } = logs.partsFor("api");
    expect(statements.map(s => s.Action)).toEqual([["logs:CreateLogStream", "logs:PutLogEvents"]]);
    const [statement] = statements;
    if (!statement) throw new Error("no statement");
    resources = (statement.Resource as pulumi.Output<string>[]).map(resolved);
  });
  expect(await Promise.all(resources)).toEqual(
    ["api", "api/compliance", "tenants/*"].map(
      group => `arn:aws:logs:eu-central-1:111122223333:log-group:/palisade/prod/vault/${group}:*`,
    ),
  );
});

test("of a memory-only service no undeclared line gets through, even without an application log (SP-6)", async () => {
  const image = { repository: "vault/api", command: ["serve"] };
  const script = async (memoryOnly: boolean) => {
    let text: unknown;
    await build({ workload: workload([compliance], {}, { image, memoryOnly }) }, logs => {
      text = logs.partsFor("api").sidecars?.[0]?.environment?.LOG_SCRIPT;
    });
    return String(text);
  };
  const application = '["application"] = { ["group"] = "/palisade/prod/vault/api"';
  expect(await script(true)).toContain(`${application}, ["fields"] = {  } }`);
  expect(await script(false)).toContain(`${application} }`);
});
