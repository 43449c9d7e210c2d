// Unit tests: state is versioned, encrypted with a key of its own, and closed to all but the named principals.
import { describe, expect, test } from "vitest";
import { StateBackend, type StateBackendArgs } from "../../../src/components/aws/state-backend";
import { only } from "../record";
import { policyOf, resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const key = "aws:kms/key:Key";
const alias = "aws:kms/alias:Alias";
const bucketPolicy = "aws:s3/bucketPolicy:BucketPolicy";
const encryption = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
const lifecycle = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";
const versioning = "aws:s3/bucketVersioning:BucketVersioning";
const types = [
  key,
  alias,
  bucketPolicy,
  encryption,
  lifecycle,
  versioning,
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
];
const base: StateBackendArgs = { accountId: "111122223333", region: "eu-central-1" };
const principals = ["arn:aws:iam::111122223333:role/pipeline", "arn:aws:iam::111122223333:role/administrator"];
const others = { ArnNotLike: { "aws:PrincipalArn": principals } };

const build = (args: Partial<StateBackendArgs> = {}) =>
  recordTypes(types, () => new StateBackend("state", { ...base, ...args }));

test("the key rotates and is found by its alias", async () => {
  const registered = await build();
  expect(only(registered, key).inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30 });
  expect(only(registered, alias).inputs.name).toBe("alias/palisade/state");
});

test("earlier states stay, encrypted, and nothing current expires", async () => {
  const registered = await build({ noncurrentDays: 30 });
  expect(only(registered, versioning).inputs.versioningConfiguration).toEqual({ status: "Enabled" });
  expect(JSON.stringify(only(registered, encryption).inputs)).toContain("arn:aws:mock:::state");
  const [rule] = Object(only(registered, lifecycle).inputs.rules);
  expect(rule).toMatchObject({ noncurrentVersionExpiration: { noncurrentDays: 30 } });
  expect(rule).not.toHaveProperty("expiration");
});

describe("principals", () => {
  test("all others are denied the bucket and the use of the key", async () => {
    const registered = await build({ principals });
    expect(statement(only(registered, bucketPolicy), "DenyAccessByOthers")).toMatchObject({
      Effect: "Deny",
      Principal: "*",
      Action: "s3:*",
      Condition: others,
    });
    const use = statement(only(registered, key), "DenyUseByOthers");
    expect(use).toMatchObject({ Effect: "Deny", Principal: "*", Condition: others });
    expect(use.Action).toEqual(expect.arrayContaining(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"]));
  });

  test("the key can still be administered, so a wrong list can be mended", async () => {
    const use = statement(only(await build({ principals }), key), "DenyUseByOthers");
    expect(use.Action).not.toContain("kms:*");
    expect(use.Action).not.toContain("kms:PutKeyPolicy");
  });

  test("are IAM's decision by default", async () => {
    const registered = await build();
    expect(policyOf(only(registered, key)).map(s => s.Sid)).toEqual(["AccountAdministers"]);
    expect(policyOf(only(registered, bucketPolicy)).map(s => s.Sid)).not.toContain("DenyAccessByOthers");
    await expect(build({ principals: [] })).rejects.toThrow("`principals` is empty");
  });
});

test("gives out what `pulumi login` and `--secrets-provider` take", async () => {
  const given: Promise<unknown>[] = [];
  await recordTypes(types, () => {
    const { url, secretsProvider } = new StateBackend("state", base);
    given.push(resolved(url), resolved(secretsProvider));
  });
  const [url, secretsProvider] = await Promise.all(given);
  expect(url).toMatch(/^s3:\/\/[^/?]+\?region=eu-central-1&awssdk=v2$/);
  expect(secretsProvider).toBe("awskms:///alias/palisade/state?region=eu-central-1&awssdk=v2");
});
