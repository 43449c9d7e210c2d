import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { WorkloadTenants, type WorkloadTenantsArgs } from "../../../src/components/aws/workload-tenants";
import { only } from "../record";
import { policyOf, resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const types = [
  "aws:kms/key:Key",
  "aws:kms/alias:Alias",
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
];
const sink = { streams: {}, subscriptionRoleArn: pulumi.output("arn:role") };
const args: WorkloadTenantsArgs = {
  accountId: "111122223333",
  region: "eu-central-1",
  environment: "prod",
  workload: "vault",
  tenancy: { claim: "tenant_id", header: "x-tenant-id", requestsPerMinute: 60 },
  tenants: ["acme", "globex"],
  keyDeletionDays: 30,
  logDays: 90,
  sinks: { application: sink, compliance: sink },
};
const build = (changes: Partial<WorkloadTenantsArgs> = {}, more: (tenants: WorkloadTenants) => void = () => {}) =>
  recordTypes(types, () => more(new WorkloadTenants("vault-prod", { ...args, ...changes })));

test("each tenant has a rotating key, by the alias the service is told", async () => {
  const registered = await build();
  expect(only(registered, "aws:kms/alias:Alias", "vault-prod-acme").inputs).toMatchObject({
    name: "alias/palisade/prod/vault/acme",
  });
  expect(only(registered, "aws:kms/key:Key", "vault-prod-globex").inputs).toMatchObject({
    enableKeyRotation: true,
    deletionWindowInDays: 30,
  });
});

test("nobody in the account uses a tenant's key but in that tenant's name (SP-9)", async () => {
  const key = only(await build(), "aws:kms/key:Key", "vault-prod-acme");
  expect(statement(key, "InTheTenantsNameOnly")).toMatchObject({
    Effect: "Deny",
    Principal: "*",
    Condition: {
      StringNotEquals: { "kms:EncryptionContext:tenant_id": "acme" },
      Bool: { "aws:PrincipalIsAWSService": "false" },
    },
  });
  // Administration stays possible: the denial is of use only.
  for (const action of [statement(key, "InTheTenantsNameOnly").Action].flat())
    expect(action).toMatch(/^kms:(Encrypt|Decrypt|ReEncrypt\*|GenerateDataKey\*)$/);
  expect(policyOf(key).map(s => s.Sid)).toContain("AccountAdministers");
});

test("each tenant's logs are encrypted with its key, which encrypts no other's", async () => {
  const registered = await build();
  const groups = registered.filter(r => r.type === "aws:cloudwatch/logGroup:LogGroup").map(r => r.inputs);
  expect(groups.map(({ name, kmsKeyId }) => [name, kmsKeyId])).toEqual([
    ["/palisade/prod/vault/tenants/acme/application", "arn:aws:mock:::vault-prod-acme"],
    ["/palisade/prod/vault/tenants/acme/compliance", "arn:aws:mock:::vault-prod-acme"],
    ["/palisade/prod/vault/tenants/globex/application", "arn:aws:mock:::vault-prod-globex"],
    ["/palisade/prod/vault/tenants/globex/compliance", "arn:aws:mock:::vault-prod-globex"],
  ]);
  expect(statement(only(registered, "aws:kms/key:Key", "vault-prod-acme"), "LogGroupsOfTheTenant").Condition).toEqual({
    ArnLike: {
      "kms:EncryptionContext:aws:logs:arn":
        "arn:aws:logs:eu-central-1:111122223333:log-group:/palisade/prod/vault/tenants/acme/*",
    },
  });
});

test("a service may use these keys and no others, and is told how to find them", async () => {
  let keys: Promise<unknown>[] = [];
  await build({}, tenants => {
    const { statements = [], environment } = tenants.partsFor();
    const [grant, ...more] = statements;
    expect(more).toEqual([]);
    expect(grant).toMatchObject({
      Action: ["kms:GenerateDataKey", "kms:Decrypt"],
      Condition: { Null: { "kms:EncryptionContext:tenant_id": "false" } },
    });
    if (!grant) throw new Error("no grant");
    keys = (grant.Resource as pulumi.Output<string>[]).map(resolved);
    expect(environment).toEqual({
      TENANTS: "acme,globex",
      TENANT_CLAIM: "tenant_id",
      TENANT_HEADER: "x-tenant-id",
      TENANT_KEY_ALIAS_PREFIX: "alias/palisade/prod/vault/",
    });
  });
  expect(await Promise.all(keys)).toEqual(["arn:aws:mock:::vault-prod-acme", "arn:aws:mock:::vault-prod-globex"]);
});

test.each([0, 91])("%d tenants are refused", async length => {
  await expect(build({ tenants: Array.from({ length }, (_, i) => `t${i}`) })).rejects.toThrow(
    `\`tenants\` has ${length}`,
  );
});
