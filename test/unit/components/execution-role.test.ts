import { expect, test } from "vitest";
import { ExecutionRole, type ExecutionRoleArgs } from "../../../src/components/aws/execution-role";
import { only } from "../record";
import { recordTypes, statementAbout, statementsOf } from "./samples";

const types = ["aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"];
const args: ExecutionRoleArgs = {
  region: "eu-central-1",
  accountId: "111122223333",
  repositoryArns: ["arn:aws:ecr:eu-central-1:111122223333:repository/sanctum/backend"],
  logGroupArns: ["arn:aws:logs:eu-central-1:111122223333:log-group:/palisade/backend"],
  secretArns: ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:jwt-AbCdEf"],
  secretKeyArns: ["arn:aws:kms:eu-central-1:111122223333:key/secrets"],
};
const build = (changes: Partial<ExecutionRoleArgs> = {}) =>
  recordTypes(types, () => new ExecutionRole("backend-execution", { ...args, ...changes }));

test("only tasks of the own account and region get the role", async () => {
  const role = only(await build(), "aws:iam/role:Role");
  const [trust] = statementsOf(role.inputs.assumeRolePolicy);
  expect(trust).toMatchObject({
    Principal: { Service: "ecs-tasks.amazonaws.com" },
    Condition: {
      StringEquals: { "aws:SourceAccount": "111122223333" },
      ArnLike: { "aws:SourceArn": "arn:aws:ecs:eu-central-1:111122223333:*" },
    },
  });
});

test("it pulls from, writes to and reads from what is named, and nothing else", async () => {
  const { policy } = only(await build(), "aws:iam/rolePolicy:RolePolicy").inputs;
  expect(statementAbout("ecr:BatchGetImage", policy).Resource).toEqual(args.repositoryArns);
  expect(statementAbout("logs:PutLogEvents", policy).Resource).toEqual([`${args.logGroupArns[0]}:*`]);
  expect(statementAbout("secretsmanager:GetSecretValue", policy).Resource).toEqual(args.secretArns);
  expect(statementAbout("kms:Decrypt", policy)).toMatchObject({
    Resource: args.secretKeyArns?.[0],
    Condition: { StringEquals: { "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com" } },
  });
  const unbounded = statementsOf(policy).filter(({ Resource }) => [Resource].flat().includes("*"));
  expect(unbounded.map(({ Action }) => Action)).toEqual(["ecr:GetAuthorizationToken"]);
});

test("without secrets there is no permission for any", async () => {
  const registered = await build({ secretArns: undefined, secretKeyArns: undefined });
  const policy = String(only(registered, "aws:iam/rolePolicy:RolePolicy").inputs.policy);
  expect(policy).not.toMatch(/secretsmanager|kms/);
});

test.each(["repositoryArns", "logGroupArns"])("an empty `%s` is refused", async argument => {
  await expect(build({ [argument]: [] })).rejects.toThrow(`\`${argument}\` is empty`);
});
