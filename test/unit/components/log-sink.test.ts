// Unit tests: the archive is locked and encrypted, the SIEM gets what it is sent or the archive does, and no role reaches further.
import { describe, expect, test } from "vitest";
import { LogSink, type LogSinkArgs } from "../../../src/components/aws/log-sink";
import { only, type Registered } from "../record";
import { policyOf, resolved } from "./reading";
import { recordTypes } from "./samples";

const stream = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream";
const role = "aws:iam/role:Role";
const rolePolicy = "aws:iam/rolePolicy:RolePolicy";
const lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration";
const lifecycle = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";
const encryption = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
const types = [
  stream,
  role,
  rolePolicy,
  lock,
  lifecycle,
  encryption,
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "aws:s3/bucketVersioning:BucketVersioning",
];
const keyArn = "arn:aws:kms:eu-central-1:111122223333:key/logs";
const base = { accountId: "111122223333", region: "eu-central-1", keyArn, retentionDays: 90 };
const siem = { url: "https://siem.example.com/intake", accessKey: "access-key" };

const build = (args: Partial<LogSinkArgs> = {}) => recordTypes(types, () => new LogSink("sink", { ...base, ...args }));

describe("archive", () => {
  test("keeps each record exactly as long as asked, and nobody can shorten that", async () => {
    const registered = await build();
    expect(only(registered, lock).inputs.rule).toEqual({ defaultRetention: { mode: "COMPLIANCE", days: 90 } });
    expect(only(registered, lifecycle).inputs.rules).toMatchObject([
      { expiration: { days: 90 }, noncurrentVersionExpiration: { noncurrentDays: 1 } },
    ]);
  });

  test("can be lifted and deleted in dev", async () => {
    const registered = await build({ lockMode: "GOVERNANCE", forceDestroy: true });
    expect(only(registered, lock).inputs.rule).toMatchObject({ defaultRetention: { mode: "GOVERNANCE" } });
    expect(only(registered, "aws:s3/bucket:Bucket").inputs.forceDestroy).toBe(true);
    await expect(build({ forceDestroy: true })).rejects.toThrow("`forceDestroy`");
  });

  test("is encrypted with the key, on the way there too", async () => {
    const registered = await build();
    expect(JSON.stringify(only(registered, encryption).inputs)).toContain(keyArn);
    expect(only(registered, stream, "sink-archive").inputs).toMatchObject({
      serverSideEncryption: { enabled: true, keyType: "CUSTOMER_MANAGED_CMK", keyArn },
      extendedS3Configuration: { kmsKeyArn: keyArn, compressionFormat: "GZIP" },
    });
  });

  test("holds readable records by day, one per line", async () => {
    const { extendedS3Configuration: to } = only(await build(), stream).inputs;
    expect(to).toMatchObject({
      prefix: "logs/!{timestamp:yyyy/MM/dd}/",
      errorOutputPrefix: "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
      processingConfiguration: {
        enabled: true,
        processors: [{ type: "Decompression" }, { type: "AppendDelimiterToRecord" }],
      },
    });
  });
});

describe("SIEM", () => {
  /** The mocks show an object with a secret in it as a secret: under this key its mark, beside it the value. */
  const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  const destination = async () => only(await build({ siem }), stream, "sink-siem").inputs.httpEndpointConfiguration;

  test("has a stream of its own, only if there is one", async () => {
    expect((await build()).filter(r => r.type === stream).map(r => r.name)).toEqual(["sink-archive"]);
    expect(only(await build({ siem }), stream, "sink-siem").inputs).toMatchObject({
      destination: "http_endpoint",
      serverSideEncryption: { enabled: true, keyArn },
    });
  });

  test("what it refuses is not lost", async () => {
    expect(await destination()).toMatchObject({
      value: {
        url: siem.url,
        retryDuration: 7200,
        s3BackupMode: "FailedDataOnly",
        s3Configuration: {
          kmsKeyArn: keyArn,
          compressionFormat: "GZIP",
          prefix: "siem-failed/!{timestamp:yyyy/MM/dd}/",
        },
      },
    });
  });

  test("its access key is a secret even if given as plain text", async () => {
    expect(await destination()).toMatchObject({ ...mark, value: { accessKey: siem.accessKey } });
  });
});

describe("roles", () => {
  const trust = (registered: Registered[], name: string) => policyOf(only(registered, role, name), "assumeRolePolicy");

  test("Firehose and CloudWatch Logs each get one, for this account only", async () => {
    const registered = await build({ siem });
    expect(trust(registered, "sink-delivery")).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "firehose.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": "111122223333" } },
      },
    ]);
    expect(trust(registered, "sink-subscription")).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "logs.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: {
          StringEquals: { "aws:SourceAccount": "111122223333" },
          ArnLike: { "aws:SourceArn": "arn:aws:logs:eu-central-1:111122223333:*" },
        },
      },
    ]);
  });

  test("CloudWatch Logs writes to the streams and does nothing else", async () => {
    expect(policyOf(only(await build({ siem }), rolePolicy, "sink-subscription"))).toEqual([
      {
        Effect: "Allow",
        Action: ["firehose:PutRecord", "firehose:PutRecordBatch"],
        Resource: ["arn:aws:mock:::sink-archive", "arn:aws:mock:::sink-siem"],
      },
    ]);
  });

  test("Firehose reaches the archive and, through S3, its key", async () => {
    const permissions = policyOf(only(await build({ siem }), rolePolicy, "sink-delivery"));
    for (const permission of permissions) {
      for (const action of [permission.Action].flat()) expect(action).not.toMatch(/\*|Delete|Retention/);
      for (const resource of [permission.Resource].flat()) expect(resource).toMatch(/^arn:aws:(s3:::[^*]|kms:[^*]+$)/);
    }
    expect(permissions.find(p => [p.Action].flat().includes("kms:Decrypt"))).toMatchObject({
      Resource: keyArn,
      Condition: { StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" } },
    });
  });
});

test("subscribers are given every stream and the role", async () => {
  const given: Record<string, Promise<unknown>> = {};
  await recordTypes(types, () => {
    const { streams, subscriptionRoleArn } = new LogSink("sink", { ...base, siem });
    for (const [name, output] of Object.entries({ ...streams, role: subscriptionRoleArn }))
      given[name] = resolved(output);
  });
  expect(Object.keys(given)).toEqual(["archive", "siem", "role"]);
  expect(await given.archive).toBe("arn:aws:mock:::sink-archive");
  expect(await given.siem).toBe("arn:aws:mock:::sink-siem");
  expect(await given.role).toBe("arn:aws:mock:::sink-subscription");
});
