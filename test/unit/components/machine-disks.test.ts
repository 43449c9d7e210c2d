// Unit tests: the key of root disks admits EC2 Auto Scaling of this account, where there are machines, and nobody else (CP-1, SA-7).
import { expect, test } from "vitest";
import { DataKeys } from "../../../src/components/aws/keys";
import { only } from "../record";
import { policyOf, statement } from "./reading";
import { recordTypes } from "./samples";

const key = "aws:kms/key:Key";
const build = (machineDisks: boolean) =>
  recordTypes(
    [key, "aws:kms/alias:Alias"],
    () =>
      new DataKeys("keys", {
        environment: "dev",
        accountId: "111122223333",
        region: "eu-central-1",
        deletionWindowDays: 30,
        machineDisks,
      }),
  );

test("the service-linked role uses the key, and grants it to EC2 alone", async () => {
  const artifacts = only(await build(true), key, "keys-artifacts");
  const role = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  const own = { StringEquals: { "kms:CallerAccount": "111122223333" }, ArnEquals: { "aws:PrincipalArn": role } };
  expect(statement(artifacts, "AutoScalingStartsEncryptedDisks").Condition).toEqual(own);
  expect(statement(artifacts, "AutoScalingHandsDisksToEc2")).toMatchObject({
    Action: "kms:CreateGrant",
    Condition: { ...own, Bool: { "kms:GrantIsForAWSResource": "true" } },
  });
});

test("no statement for anybody is without a condition", async () => {
  for (const { inputs, ...registered } of (await build(true)).filter(r => r.type === key))
    for (const s of policyOf({ ...registered, inputs }))
      if (JSON.stringify(s.Principal).includes("*")) expect(Object.keys(s.Condition ?? {})).toContain("ArnEquals");
});

test("no other key, and no key without machines", async () => {
  const admitting = async (machineDisks: boolean) =>
    (await build(machineDisks)).filter(r => String(r.inputs.policy).includes("AutoScaling")).map(r => r.name);
  expect(await admitting(true)).toEqual(["keys-artifacts"]);
  expect(await admitting(false)).toEqual([]);
});
