import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { PostgresDatabase, type PostgresDatabaseArgs } from "../../../src/components/aws/database";
import { only } from "../record";
import { recordTypes } from "./samples";

const databaseTypes = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:rds/instance:Instance",
  "aws:rds/parameterGroup:ParameterGroup",
  "aws:rds/subnetGroup:SubnetGroup",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "random:index/randomId:RandomId",
];
const args: PostgresDatabaseArgs = {
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  version: "17",
  databaseName: "sanctum",
  instanceClass: "db.m7g.large",
  storageGiB: 50,
  multiAz: true,
  deletionProtection: true,
  backupRetentionDays: 14,
  finalSnapshot: true,
  keyArn: "arn:key/customer",
  secretsKeyArn: "arn:key/secrets",
  logKeyArn: "arn:key/logs",
  logRetentionDays: 90,
  performanceInsights: true,
};
const build = (changes: Partial<PostgresDatabaseArgs> = {}) =>
  recordTypes(databaseTypes, () => new PostgresDatabase("sanctum-postgres", { ...args, ...changes }));
const instance = async (changes?: Partial<PostgresDatabaseArgs>) =>
  only(await build(changes), "aws:rds/instance:Instance").inputs;

test("the instance is private, encrypted and managed", async () => {
  expect(await instance()).toMatchObject({
    engine: "postgres",
    engineVersion: "17",
    publiclyAccessible: false,
    storageEncrypted: true,
    kmsKeyId: "arn:key/customer",
    storageType: "gp3",
    maxAllocatedStorage: 100,
    caCertIdentifier: "rds-ca-rsa2048-g1",
    multiAz: true,
    autoMinorVersionUpgrade: true,
    copyTagsToSnapshot: true,
    deletionProtection: true,
    performanceInsightsKmsKeyId: "arn:key/customer",
  });
});

test("no password is in the state: RDS keeps the master's, everybody else has tokens", async () => {
  const inputs = await instance();
  expect(inputs).toMatchObject({
    manageMasterUserPassword: true,
    masterUserSecretKmsKeyId: "arn:key/secrets",
    iamDatabaseAuthenticationEnabled: true,
  });
  expect(Object.keys(inputs)).not.toContain("password");
});

test("connections without TLS are refused, whatever the caller asks for", async () => {
  const group = only(
    await build({ parameters: [{ name: "work_mem", value: "8192" }] }),
    "aws:rds/parameterGroup:ParameterGroup",
  );
  expect(group.inputs.family).toBe("postgres17");
  expect(group.inputs.parameters).toEqual(
    expect.arrayContaining([
      { name: "rds.force_ssl", value: "1", applyMethod: "immediate" },
      { name: "ssl_min_protocol_version", value: "TLSv1.2", applyMethod: "immediate" },
      { name: "log_parameter_max_length", value: "0", applyMethod: "immediate" },
      { name: "work_mem", value: "8192", applyMethod: "immediate" },
    ]),
  );
  await expect(build({ parameters: [{ name: "rds.force_ssl", value: "0" }] })).rejects.toThrow("`rds.force_ssl`");
});

test("its logs are encrypted, end, and reach the sink", async () => {
  const sink = { streams: { archive: pulumi.output("arn:stream") }, subscriptionRoleArn: pulumi.output("arn:role") };
  const registered = await build({ sink });
  const { identifier, enabledCloudwatchLogsExports } = only(registered, "aws:rds/instance:Instance").inputs;
  expect(enabledCloudwatchLogsExports).toEqual(["postgresql", "upgrade"]);
  const groups = registered.filter(r => r.type === "aws:cloudwatch/logGroup:LogGroup");
  expect(groups.map(r => r.inputs.name)).toEqual([
    `/aws/rds/instance/${identifier}/postgresql`,
    `/aws/rds/instance/${identifier}/upgrade`,
  ]);
  for (const { inputs } of groups) expect(inputs).toMatchObject({ kmsKeyId: "arn:key/logs", retentionInDays: 90 });
  expect(registered.filter(r => r.type.includes("SubscriptionFilter"))).toHaveLength(2);
});

test("nobody gets in but named clients, each by one rule on one port", async () => {
  const closed = await build();
  const group = only(closed, "aws:ec2/securityGroup:SecurityGroup");
  expect(Object.keys(group.inputs)).not.toEqual(expect.arrayContaining(["ingress"]));
  expect(closed.filter(r => r.type.includes("Rule"))).toEqual([]);

  const open = await recordTypes(databaseTypes, () =>
    new PostgresDatabase("sanctum-postgres", args).allowFrom("backend", "sg-backend"),
  );
  const rule = only(open, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  expect(rule.name).toBe("sanctum-postgres-from-backend");
  expect(rule.inputs).toEqual({
    securityGroupId: "sanctum-postgres-id",
    description: "TCP 5432 from backend",
    ipProtocol: "tcp",
    fromPort: 5432,
    toPort: 5432,
    referencedSecurityGroupId: "sg-backend",
  });
});

test("deletion leaves a snapshot behind, or nothing", async () => {
  expect(await instance()).toMatchObject({
    skipFinalSnapshot: false,
    deleteAutomatedBackups: false,
    finalSnapshotIdentifier: expect.stringMatching(/^sanctum-postgres-.*-final$/),
  });
  const none = await instance({ finalSnapshot: false });
  expect(none).toMatchObject({ skipFinalSnapshot: true, deleteAutomatedBackups: true });
  expect(Object.keys(none)).not.toContain("finalSnapshotIdentifier");
});

test("at the end of what storage can grow to, no growth is asked for", async () => {
  expect(Object.keys(await instance({ storageGiB: 65_000 }))).not.toContain("maxAllocatedStorage");
});

test.each([
  [{ storageGiB: 19 }, "`storageGiB` is 19; RDS allows 20 to 65536"],
  [{ maxStorageGiB: 54 }, "`maxStorageGiB` is 54; RDS allows 55 to 65536"],
  [{ backupRetentionDays: 0 }, "`backupRetentionDays` is 0; RDS allows 1 to 35"],
  [{ backupRetentionDays: 36 }, "`backupRetentionDays` is 36"],
])("%o is refused", async (changes, message) => {
  await expect(build(changes)).rejects.toThrow(message);
});
