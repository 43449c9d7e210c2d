import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { WorkloadSecrets, type WorkloadSecretsArgs } from "../../../src/components/aws/secrets";
import { only } from "../record";
import { recordTypes, statementsOf } from "./samples";

const types = [
  "aws:secretsmanager/secret:Secret",
  "aws:secretsmanager/secretPolicy:SecretPolicy",
  "aws:secretsmanager/secretVersion:SecretVersion",
  "random:index/randomPassword:RandomPassword",
];
const args: WorkloadSecretsArgs = {
  secrets: {
    JWT_SIGNING_KEY: {
      description: "Signs sessions.",
      source: "generated",
      length: 64,
      rotationDays: 90,
      readers: ["backend"],
    },
    BOT_TOKEN: { description: "Token.", source: "supplied", length: 48, rotationDays: 180, readers: ["backend"] },
  },
  keyArn: "arn:aws:kms:eu-central-1:111122223333:key/secrets",
  accountId: "111122223333",
  recoveryWindowInDays: 30,
};
const build = (changes: Partial<WorkloadSecretsArgs> = {}) =>
  recordTypes(types, () => new WorkloadSecrets("sanctum", { ...args, ...changes }));

/** How the SDK marks a secret on its way to the engine. */
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

test("a generated secret has the asked length and only characters that need no quoting", async () => {
  const password = only(await build(), "random:index/randomPassword:RandomPassword");
  expect(password.inputs).toMatchObject({ length: 64, special: false });
});

test("a value reaches the engine as a secret, never in clear", async () => {
  const registered = await build({ supplied: { BOT_TOKEN: pulumi.output("hunter2") } });
  const version = only(registered, "aws:secretsmanager/secretVersion:SecretVersion", "sanctum-bot-token");
  expect(version.inputs.secretString).toEqual({ ...secretMark, value: "hunter2" });
  const elsewhere = registered.filter(r => r !== version);
  expect(JSON.stringify(elsewhere)).not.toContain("hunter2");
});

test("a supplied secret without a value has no version: an operator sets it", async () => {
  const versions = (await build()).filter(r => r.type === "aws:secretsmanager/secretVersion:SecretVersion");
  expect(versions.map(r => r.name)).toEqual(["sanctum-jwt-signing-key"]);
});

test("every secret has the key, the recovery window and its rotation on it", async () => {
  const secrets = (await build()).filter(r => r.type === "aws:secretsmanager/secret:Secret");
  expect(secrets).toHaveLength(2);
  for (const { inputs } of secrets) expect(inputs).toMatchObject({ kmsKeyId: args.keyArn, recoveryWindowInDays: 30 });
  expect(secrets.map(r => r.inputs.tags)).toEqual([
    { "palisade:secret": "JWT_SIGNING_KEY", "palisade:rotation-days": "90" },
    { "palisade:secret": "BOT_TOKEN", "palisade:rotation-days": "180" },
  ]);
});

test("every secret is denied to plain HTTP and to other accounts", async () => {
  const policies = (await build()).filter(r => r.type === "aws:secretsmanager/secretPolicy:SecretPolicy");
  expect(policies).toHaveLength(2);
  for (const { inputs } of policies) {
    const statements = statementsOf(inputs.policy);
    expect(
      statements.map(({ Effect, Principal, Action, Condition }) => ({ Effect, Principal, Action, Condition })),
    ).toEqual([
      {
        Effect: "Deny",
        Principal: "*",
        Action: "secretsmanager:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      {
        Effect: "Deny",
        Principal: "*",
        Action: "secretsmanager:*",
        Condition: {
          StringNotEquals: { "aws:PrincipalAccount": "111122223333" },
          BoolIfExists: { "aws:PrincipalIsAWSService": "false" },
        },
      },
    ]);
    expect(inputs.blockPublicPolicy).toBe(true);
  }
});

test("readers get the ARN of a secret that has its value", async () => {
  let arn: string | undefined;
  await recordTypes(types, () => {
    new WorkloadSecrets("sanctum", args).arnOf("JWT_SIGNING_KEY").apply(value => {
      arn = value;
    });
  });
  expect(arn).toBe("arn:aws:mock:::sanctum-jwt-signing-key");
});

test("mistakes are named", async () => {
  await expect(build({ recoveryWindowInDays: 3 })).rejects.toThrow("`recoveryWindowInDays` is 3");
  await expect(build({ supplied: { JWT_SIGNING_KEY: "x" } })).rejects.toThrow("takes values for `BOT_TOKEN`");
  await expect(recordTypes(types, () => new WorkloadSecrets("sanctum", args).arnOf("NOPE"))).rejects.toThrow(
    "no secret `NOPE`; there are `JWT_SIGNING_KEY`, `BOT_TOKEN`",
  );
});
