// Unit tests: what every bucket has, whatever its arguments.
import { describe, expect, test } from "vitest";
import { SecureBucket, type SecureBucketArgs } from "../../../src/components/aws/secure-bucket";
import { only } from "../record";
import { policyOf, resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const type = (name: string) => `aws:s3/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
const bucket = type("Bucket");
const policy = type("BucketPolicy");
const lock = type("BucketObjectLockConfiguration");
const types = [
  bucket,
  policy,
  lock,
  ...[
    "BucketLifecycleConfiguration",
    "BucketOwnershipControls",
    "BucketPublicAccessBlock",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
  ].map(type),
];
const keyArn = "arn:aws:kms:eu-central-1:111122223333:key/k";
const everything: SecureBucketArgs = {
  keyArn,
  objectLock: { mode: "COMPLIANCE", days: 90 },
  expirationDays: 120,
  noncurrentDays: 7,
};

const build = (args: SecureBucketArgs) => recordTypes(types, () => new SecureBucket("b", args));

describe.each<[string, SecureBucketArgs]>([
  ["with every argument", everything],
  ["with a key", { keyArn }],
  ["with none", {}],
])("%s", (_, args) => {
  test("nothing of it is public", async () => {
    const registered = await build(args);
    expect(only(registered, type("BucketPublicAccessBlock")).inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(only(registered, type("BucketOwnershipControls")).inputs.rule).toEqual({
      objectOwnership: "BucketOwnerEnforced",
    });
  });

  test("it is reached over TLS 1.2 or later only, by everyone", async () => {
    const registered = only(await build(args), policy);
    const plain = statement(registered, "DenyPlainHttp");
    const old = statement(registered, "DenyOldTls");
    expect(plain.Condition).toEqual({ Bool: { "aws:SecureTransport": "false" } });
    expect(old.Condition).toEqual({ NumericLessThan: { "s3:TlsVersion": "1.2" } });
    for (const denial of [plain, old]) {
      expect(denial).toMatchObject({ Effect: "Deny", Principal: "*", Action: "s3:*" });
      const [whole, objects] = denial.Resource ?? [];
      expect(whole).toMatch(/^arn:aws:s3:::[^/]+$/);
      expect(objects).toBe(`${whole}/*`);
    }
  });

  test("it is versioned, and what piles up goes", async () => {
    const registered = await build(args);
    expect(only(registered, type("BucketVersioning")).inputs.versioningConfiguration).toEqual({ status: "Enabled" });
    expect(only(registered, type("BucketLifecycleConfiguration")).inputs.rules).toMatchObject([
      {
        status: "Enabled",
        noncurrentVersionExpiration: { noncurrentDays: args.noncurrentDays ?? 90 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      },
    ]);
  });

  test("its objects stay when it is to be deleted", async () => {
    expect(only(await build(args), bucket).inputs.forceDestroy).toBe(false);
  });
});

describe("encryption", () => {
  const rules = async (args: SecureBucketArgs) =>
    only(await build(args), type("BucketServerSideEncryptionConfiguration")).inputs.rules;

  test("is by the given key, and no writer may choose another kind", async () => {
    expect(await rules({ keyArn })).toEqual([
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
        bucketKeyEnabled: true,
      },
    ]);
    const registered = only(await build({ keyArn }), policy);
    expect(statement(registered, "DenyOtherEncryption")).toMatchObject({
      Effect: "Deny",
      Condition: {
        Null: { "s3:x-amz-server-side-encryption": "false" },
        StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" },
      },
    });
    expect(statement(registered, "DenyCustomerProvidedKeys").Effect).toBe("Deny");
  });

  test("is by S3's keys where there is none, as load balancers need it", async () => {
    expect(await rules({})).toEqual([{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }]);
    expect(policyOf(only(await build({}), policy)).map(s => s.Sid)).toEqual(["DenyPlainHttp", "DenyOldTls"]);
  });
});

describe("object lock", () => {
  test("holds every object for the given time", async () => {
    const registered = await build(everything);
    expect(only(registered, bucket).inputs.objectLockEnabled).toBe(true);
    expect(only(registered, lock).inputs.rule).toEqual({ defaultRetention: { mode: "COMPLIANCE", days: 90 } });
    expect(only(registered, type("BucketLifecycleConfiguration")).inputs.rules).toMatchObject([
      { expiration: { days: 120 } },
    ]);
  });

  test("is among what a writer waits for", async () => {
    const given: Promise<unknown>[] = [];
    await recordTypes(types, () => {
      for (const { urn } of new SecureBucket("b", everything).protection) given.push(resolved(urn));
    });
    const kinds = (await Promise.all(given)).map(urn => String(urn).split(":").at(-3));
    expect(kinds).toEqual([
      "BucketPolicy",
      "BucketServerSideEncryptionConfiguration",
      "BucketVersioning",
      "BucketObjectLockConfiguration",
    ]);
  });

  test("is off unless asked for", async () => {
    const registered = await build({ keyArn });
    expect(only(registered, bucket).inputs).not.toHaveProperty("objectLockEnabled");
    expect(registered.filter(r => r.type === lock)).toEqual([]);
  });

  test.each<[string, SecureBucketArgs]>([
    ["`objectLock.days` is 0", { objectLock: { mode: "GOVERNANCE", days: 0 } }],
    ["`objectLock.days` is 1.5", { objectLock: { mode: "GOVERNANCE", days: 1.5 } }],
    ["`expirationDays` is 89", { ...everything, expirationDays: 89 }],
    ["`forceDestroy` cannot", { ...everything, forceDestroy: true }],
  ])("refuses a contradiction: %s", async (message, args) => {
    await expect(build(args)).rejects.toThrow(message);
  });
});

test("further statements come after the denials and are given the bucket's ARN", async () => {
  const registered = await build({
    statements: arn => [{ Sid: "Extra", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: arn }],
  });
  const sids = policyOf(only(registered, policy)).map(s => s.Sid);
  expect(sids).toEqual(["DenyPlainHttp", "DenyOldTls", "Extra"]);
  expect(statement(only(registered, policy), "Extra").Resource).toMatch(/^arn:aws:s3:::/);
});
