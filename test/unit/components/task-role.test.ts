import { expect, test } from "vitest";
import {
  bucketRead,
  bucketWrite,
  databaseConnect,
  keyUse,
  publishMetrics,
} from "../../../src/components/aws/statements";
import { TaskRole, type TaskRoleArgs } from "../../../src/components/aws/task-role";
import { only } from "../record";
import { recordTypes, statementAbout, statementsOf } from "./samples";

const types = ["aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"];
const bucket = "arn:aws:s3:::hand-off";

function build(statements: TaskRoleArgs["statements"]) {
  return recordTypes(
    types,
    () => new TaskRole("backend-task", { region: "eu-central-1", accountId: "111122223333", statements }),
  );
}

test("a service that calls no AWS API has a role without any permission", async () => {
  const registered = await build([]);
  expect(registered.filter(r => r.type === "aws:iam/rolePolicy:RolePolicy")).toEqual([]);
  const [trust] = statementsOf(only(registered, "aws:iam/role:Role").inputs.assumeRolePolicy);
  expect(trust?.Condition?.StringEquals).toEqual({ "aws:SourceAccount": "111122223333" });
});

test("a service connects to one database as one user", async () => {
  const registered = await build([databaseConnect("eu-central-1", "111122223333", "db-ABC", "backend")]);
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("rds-db:connect", policy).Resource).toBe(
    "arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-ABC/backend",
  );
});

test("a reader of a prefix reads and lists below it, and cannot write", async () => {
  const registered = await build(bucketRead(bucket, "audio/raw/"));
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("s3:GetObject", policy).Resource).toBe("arn:aws:s3:::hand-off/audio/raw/*");
  expect(statementAbout("s3:ListBucket", policy).Condition).toEqual({ StringLike: { "s3:prefix": "audio/raw/*" } });
  expect(String(policy)).not.toContain("Put");
});

test("a writer of a prefix can neither read nor delete", async () => {
  const registered = await build([bucketWrite(bucket, "audio/raw/")]);
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("s3:PutObject", policy).Resource).toBe("arn:aws:s3:::hand-off/audio/raw/*");
  expect(String(policy)).not.toMatch(/Get|Delete/);
});

test("a key is used through one service, metrics go to one namespace", async () => {
  const registered = await build([keyUse("arn:key", "s3", "eu-central-1", ["GenerateDataKey"]), publishMetrics()]);
  const { policy } = only(registered, "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("kms:GenerateDataKey", policy).Condition).toEqual({
    StringEquals: { "kms:ViaService": "s3.eu-central-1.amazonaws.com" },
  });
  expect(statementAbout("cloudwatch:PutMetricData", policy).Condition).toEqual({
    StringEquals: { "cloudwatch:namespace": "Palisade" },
  });
});

test("the longest names of workload and service still make a role", async () => {
  const name = `${"w".repeat(24)}-production-${"s".repeat(24)}-task`;
  const args: TaskRoleArgs = { region: "eu-central-1", accountId: "111122223333", statements: [] };
  const registered = await recordTypes(types, () => new TaskRole(name, args));
  expect(`${only(registered, "aws:iam/role:Role").name}-0123456`.length).toBeLessThanOrEqual(64);
});
