// Unit tests: machine and process have an identity each, and neither has more than it needs (CP-3, CP-5, CP-6, SA-13).
import { expect, test } from "vitest";
import { MachineIdentities, type MachineIdentitiesArgs } from "../../../src/components/aws/machine-identities";
import { only } from "../record";
import { policyOf, statement } from "./reading";
import { recordTypes, statementsOf } from "./samples";

const role = "aws:iam/role:Role";
const policy = "aws:iam/rolePolicy:RolePolicy";
const profile = "aws:iam/instanceProfile:InstanceProfile";
const args: MachineIdentitiesArgs = {
  region: "eu-central-1",
  accountId: "111122223333",
  repositoryArn: "arn:aws:ecr:eu-central-1:111122223333:repository/dev/sample/bot",
  logGroupArns: ["arn:aws:logs:eu-central-1:111122223333:log-group:/palisade/dev/sample/bot"],
  documentArns: ["arn:aws:ssm:eu-central-1:111122223333:document/bot-deliver"],
  parameterPath: "/palisade/dev/sample/bot",
  secretsKeyArn: "arn:key/secrets",
  sessionKeyArn: "arn:key/logs",
  processStatements: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/audio/raw/*" }],
};
const build = (changes: Partial<MachineIdentitiesArgs> = {}) =>
  recordTypes([role, policy, profile], () => new MachineIdentities("bot", { ...args, ...changes }));

test("the machine takes its role from EC2, the process takes its own from the machine", async () => {
  const all = await build();
  const trust = (name: string) => statementsOf(only(all, role, name).inputs.assumeRolePolicy)[0];
  expect(trust("bot-machine")).toMatchObject({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" });
  expect(trust("bot-process")).toMatchObject({ Principal: { AWS: "arn:aws:mock:::bot-machine" } });
  expect(statement(only(all, policy, "bot-machine"), "ProcessRole").Resource).toBe("arn:aws:mock:::bot-process");
  expect(only(all, profile).inputs.role).toBe("bot-machine-id");
});

test("what the process may do, the machine may not", async () => {
  const all = await build();
  expect(policyOf(only(all, policy, "bot-process"))).toEqual(args.processStatements);
  const actions = policyOf(only(all, policy, "bot-machine")).flatMap(s => s.Action);
  expect(actions.filter(action => action.startsWith("s3:"))).toEqual([]);
  expect(actions.filter(action => action.includes("*"))).toEqual([]);
});

test("it reads the parameters below its path, with their key, and no others (CP-5)", async () => {
  const machine = only(await build(), policy, "bot-machine");
  const path = "arn:aws:ssm:eu-central-1:111122223333:parameter/palisade/dev/sample/bot";
  expect(statement(machine, "Parameters")).toMatchObject({
    Action: "ssm:GetParametersByPath",
    Resource: [path, `${path}/*`],
  });
  expect(statement(machine, "ParameterKey")).toMatchObject({
    Resource: "arn:key/secrets",
    Condition: {
      StringEquals: { "kms:ViaService": "ssm.eu-central-1.amazonaws.com" },
      StringLike: { "kms:EncryptionContext:PARAMETER_ARN": `${path}/*` },
    },
  });
});

test("the key of the logs decrypts sessions for it, and nothing else (CP-6)", async () => {
  expect(statement(only(await build(), policy, "bot-machine"), "SessionKey").Condition).toEqual({
    Null: { "kms:EncryptionContext:aws:ssm:SessionId": "false" },
  });
});

test("`*` stands only where AWS knows no resource", async () => {
  const all = policyOf(only(await build(), policy, "bot-machine")).filter(s => [s.Resource].flat().includes("*"));
  expect(all.map(s => s.Sid ?? s.Action)).toEqual(["Agent", "RegistryToken", "cloudwatch:PutMetricData"]);
});

test("a process that calls nothing has a role without a policy", async () => {
  const all = await build({ processStatements: [] });
  expect(all.filter(r => r.type === policy).map(r => r.name)).toEqual(["bot-machine"]);
});
