// Unit tests: one rotating key per data class, and who may use each.
import { describe, expect, test } from "vitest";
import { DataKeys, type DataKeysArgs } from "../../../src/components/aws/keys";
import { type DataClass, dataClass } from "../../../src/workload/names";
import { only } from "../record";
import { policyOf } from "./reading";
import { recordTypes } from "./samples";

const key = "aws:kms/key:Key";
const alias = "aws:kms/alias:Alias";
const base = { environment: "staging", accountId: "111122223333", region: "eu-central-1", deletionWindowDays: 30 };

const build = (args: Partial<DataKeysArgs> = {}) =>
  recordTypes([key, alias], () => new DataKeys("keys", { ...base, ...args }));

test.each(dataClass.options)("class %s has a key of its own, which rotates", async of => {
  const registered = await build({ rotationDays: 180, deletionWindowDays: 7 });
  expect(only(registered, key, `keys-${of}`).inputs).toMatchObject({
    enableKeyRotation: true,
    rotationPeriodInDays: 180,
    deletionWindowInDays: 7,
  });
  expect(only(registered, alias, `keys-${of}`).inputs.name).toBe(`alias/palisade/staging/${of}`);
  expect(registered.filter(r => r.type === key)).toHaveLength(dataClass.options.length);
});

test.each(dataClass.options)("the account administers the key of class %s", async of => {
  expect(policyOf(only(await build(), key, `keys-${of}`))).toContainEqual(
    expect.objectContaining({
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111122223333:root" },
      Action: "kms:*",
    }),
  );
});

describe("services", () => {
  const services = async (of: DataClass) =>
    policyOf(only(await build(), key, `keys-${of}`)).filter(s => JSON.stringify(s.Principal).includes("Service"));

  test.each(dataClass.options.filter(of => of !== "logs" && of !== "artifacts"))(
    "none may use the key of class %s",
    async of => {
      expect(await services(of)).toEqual([]);
    },
  );

  test("CloudWatch and Budgets may use that of class logs, for this account only", async () => {
    const found = await services("logs");
    expect(found.map(s => [s.Principal, s.Condition])).toEqual([
      [
        { Service: "logs.eu-central-1.amazonaws.com" },
        {
          ArnLike: { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:111122223333:log-group:*" },
        },
      ],
      [{ Service: "cloudwatch.amazonaws.com" }, { StringEquals: { "aws:SourceAccount": "111122223333" } }],
      [{ Service: "budgets.amazonaws.com" }, { StringEquals: { "aws:SourceAccount": "111122223333" } }],
    ]);
    expect(found.flatMap(s => s.Action)).not.toContain("kms:*");
  });

  test("S3 may use that of class artifacts for its notifications, for this account only (CP-11)", async () => {
    expect((await services("artifacts")).map(s => [s.Principal, s.Condition])).toEqual([
      [{ Service: "s3.amazonaws.com" }, { StringEquals: { "aws:SourceAccount": "111122223333" } }],
    ]);
  });
});

/** Statements of the key of class artifacts that name no principal but in their condition. */
const openStatements = async (args: Partial<DataKeysArgs>) =>
  policyOf(only(await build(args), key, "keys-artifacts")).filter(s => JSON.stringify(s.Principal) === '{"AWS":"*"}');

test("a stack without machines opens the key of class artifacts to no principal of that kind", async () => {
  expect(await openStatements({})).toEqual([]);
});

test("of all principals one, EC2 Auto Scaling, uses the key of class artifacts, for disks of machines (CP-12)", async () => {
  const open = await openStatements({ machineDisks: true });
  const role = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  expect(open).toHaveLength(2);
  for (const { Condition } of open)
    expect(Condition).toMatchObject({
      StringEquals: { "kms:CallerAccount": "111122223333" },
      ArnEquals: { "aws:PrincipalArn": role },
    });
  expect(open.find(s => s.Action === "kms:CreateGrant")?.Condition).toMatchObject({
    Bool: { "kms:GrantIsForAWSResource": "true" },
  });
});

test("`arnOf` gives the ARN of the class's key", async () => {
  const arns: string[] = [];
  await recordTypes([key, alias], () => {
    const keys = new DataKeys("keys", base);
    for (const of of dataClass.options) keys.arnOf(of).apply(arn => arns.push(arn));
  });
  expect(arns.sort()).toEqual(dataClass.options.map(of => `arn:aws:mock:::keys-${of}`).sort());
});

test.each<[string, Partial<DataKeysArgs>]>([
  ["rotationDays", { rotationDays: 89 }],
  ["rotationDays", { rotationDays: 2561 }],
  ["rotationDays", { rotationDays: 100.5 }],
  ["deletionWindowDays", { deletionWindowDays: 6 }],
  ["deletionWindowDays", { deletionWindowDays: 31 }],
  ["environment", { environment: "Prod!" }],
  ["environment", { environment: "" }],
])("refuses an impossible `%s`: %j", async (argument, args) => {
  await expect(build(args)).rejects.toThrow(`\`${argument}\` is`);
});
