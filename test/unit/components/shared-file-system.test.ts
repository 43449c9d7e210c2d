import { expect, test } from "vitest";
import { SharedFileSystem, type SharedFileSystemArgs } from "../../../src/components/aws/shared-file-system";
import { only } from "../record";
import { policyOf } from "./reading";
import { recordTypes } from "./samples";

const type = {
  accessPoint: "aws:efs/accessPoint:AccessPoint",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  backup: "aws:efs/backupPolicy:BackupPolicy",
  fileSystem: "aws:efs/fileSystem:FileSystem",
  group: "aws:ec2/securityGroup:SecurityGroup",
  ingress: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  policy: "aws:efs/fileSystemPolicy:FileSystemPolicy",
  target: "aws:efs/mountTarget:MountTarget",
};
const sample: SharedFileSystemArgs = {
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  keyArn: "arn:key/customer",
  directories: { logs: { ownerUser: 1000 }, vault: { ownerUser: 1234 } },
  storageGiB: 20,
  topicArn: "arn:topic",
  disposable: false,
};
const build = (args: Partial<SharedFileSystemArgs> = {}, more: (made: SharedFileSystem) => void = () => {}) =>
  recordTypes(Object.values(type), () => more(new SharedFileSystem("sample", { ...sample, ...args })));

test("it is encrypted with the key of its data class, and backed up (SA-7, IS-7)", async () => {
  const all = await build();
  expect(only(all, type.fileSystem).inputs).toMatchObject({ encrypted: true, kmsKeyId: "arn:key/customer" });
  expect(only(all, type.backup).inputs).toMatchObject({
    fileSystemId: "sample-id",
    backupPolicy: { status: "ENABLED" },
  });
});

test("each zone has its mount target, in the one group that nothing reaches until it is let in (SA-9, SA-12)", async () => {
  const all = await build();
  const targets = all.filter(r => r.type === type.target).map(r => r.inputs);
  expect(targets).toEqual([
    { fileSystemId: "sample-id", subnetId: "subnet-a", securityGroups: ["sample-id"] },
    { fileSystemId: "sample-id", subnetId: "subnet-b", securityGroups: ["sample-id"] },
  ]);
  expect(Object.keys(only(all, type.group).inputs)).not.toContain("ingress");
  expect(all.filter(r => r.type === type.ingress)).toEqual([]);
});

test("a directory belongs to its user, made so at the first mount, closed to others (IS-3)", async () => {
  expect(only(await build(), type.accessPoint, "sample-vault").inputs).toMatchObject({
    posixUser: { uid: 1234, gid: 1234 },
    rootDirectory: { path: "/vault", creationInfo: { ownerUid: 1234, ownerGid: 1234, permissions: "0750" } },
  });
});

test("an alarm rings when more is stored than was planned for (IS-8)", async () => {
  expect(only(await build(), type.alarm, "sample-size").inputs).toMatchObject({
    namespace: "AWS/EFS",
    metricName: "StorageBytes",
    dimensions: { FileSystemId: "sample-id", StorageClass: "Total" },
    comparisonOperator: "GreaterThanThreshold",
    // 20 GiB, in bytes.
    threshold: 21_474_836_480,
    alarmActions: ["arn:topic"],
  });
});

test("a client is let in on NFS alone", async () => {
  const all = await build({}, made => made.allowFrom("api", "sg-api"));
  expect(only(all, type.ingress)).toMatchObject({
    name: "sample-from-api",
    inputs: {
      securityGroupId: "sample-id",
      referencedSecurityGroupId: "sg-api",
      fromPort: 2049,
      toPort: 2049,
      description: "TCP 2049 from api",
    },
  });
});

test("its policy speaks of every directory, and only denies (SA-13)", async () => {
  const clients = { mounting: ["arn:api"], writing: [] };
  const all = await build({}, made => made.admitOnly({ logs: clients, vault: clients }));
  const statements = policyOf(only(all, type.policy));
  expect(statements.map(s => s.Sid)).toEqual([
    "DenyPlainTransport",
    "DenyRoot",
    "DenyOtherAccessPoints",
    "LogsMounting",
    "LogsWriting",
    "VaultMounting",
    "VaultWriting",
  ]);
  expect(new Set(statements.map(s => s.Effect))).toEqual(new Set(["Deny"]));
});

test.each<[Partial<SharedFileSystemArgs>, string]>([
  [{ subnetIds: [] }, "`subnetIds` is empty"],
  [{ directories: {} }, "`directories` is empty"],
  [{ storageGiB: 0 }, "`storageGiB` is 0"],
])("%j is refused", async (args, message) => {
  await expect(build(args)).rejects.toThrow(message);
});

test("a directory without clients is refused, not left open", async () => {
  await expect(build({}, made => made.admitOnly({ logs: { mounting: ["arn:api"], writing: [] } }))).rejects.toThrow(
    "`clients` has none for directory `vault`",
  );
});
