import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { iss } from "../../../src/catalog/iss";
import { WorkloadVolumes, type WorkloadVolumesArgs } from "../../../src/components/aws/workload-volumes";
import type { Workload } from "../../../src/workload/workload";
import { only, type Registered } from "../record";
import { policyOf, resolved, statement } from "./reading";
import { recordTypes } from "./samples";

const types = [
  "aws:cloudwatch/metricAlarm:MetricAlarm",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:efs/accessPoint:AccessPoint",
  "aws:efs/backupPolicy:BackupPolicy",
  "aws:efs/fileSystem:FileSystem",
  "aws:efs/fileSystemPolicy:FileSystemPolicy",
  "aws:efs/mountTarget:MountTarget",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
];
const [fileSystem, policy, ingress] = [types[4], types[5], types[7]] as [string, string, string];

/** What the volumes take of a foundation. */
const foundation = {
  network: { vpcId: pulumi.output("vpc-1"), dataSubnetIds: [pulumi.output("data-a"), pulumi.output("data-b")] },
  keys: { arnOf: (of: string) => pulumi.output(`arn:key/${of}`) },
  alarmTopic: { arn: pulumi.output("arn:topic") },
} as unknown as WorkloadVolumesArgs["foundation"];

function build(
  volumes: Workload["state"]["volumes"],
  more: (made: WorkloadVolumes) => void = () => {},
  loaders?: WorkloadVolumesArgs["loaders"],
) {
  return recordTypes(types, () =>
    more(new WorkloadVolumes("sample", { volumes, foundation, disposable: true, loaders })),
  );
}

const { volumes } = iss.state;
const [forensic, spice, matrix] = Object.values(volumes) as [Volume, Volume, Volume];
type Volume = Workload["state"]["volumes"][string];
const group = (id: string) => ({ securityGroupId: pulumi.output(id) });

/** Gives the services their roles, as `WorkloadService` does, and lets them in. */
function admit(made: WorkloadVolumes, names: string[]): void {
  for (const name of names)
    for (const tell of made.partsFor(name).onRole ?? []) tell(pulumi.output(`arn:aws:iam::123456789012:role/${name}`));
  made.admit(Object.fromEntries(names.map(name => [name, group(`sg-${name}`)])));
}

test("volumes of one data class are one file system, with its key; what no service writes is another (SA-7, IS-9)", async () => {
  const all = await build({ ...volumes, archive: { ...spice, dataClass: "artifacts" } });
  const made = all.filter(r => r.type === fileSystem);
  expect(made.map(r => [r.name, r.inputs.kmsKeyId])).toEqual([
    ["sample-customer", "arn:key/customer"],
    ["sample-customer-vaults", "arn:key/customer"],
    ["sample-artifacts", "arn:key/artifacts"],
  ]);
  // 2 of 10 GiB.
  expect(only(all, "aws:cloudwatch/metricAlarm:MetricAlarm", "sample-customer-size").inputs.threshold).toBe(
    20 * 1024 ** 3,
  );
  expect(only(all, "aws:efs/mountTarget:MountTarget", "sample-customer-1").inputs.subnetId).toBe("data-a");
});

test("a workload without volumes has no file system", async () => {
  const all = await build({}, made => made.admit({}));
  expect(all.map(r => r.type)).toEqual(["palisade:aws:WorkloadVolumes"]);
});

test("a service gets what it mounts and where, and nothing else", async () => {
  let parts: ReturnType<WorkloadVolumes["partsFor"]> = {};
  let other: ReturnType<WorkloadVolumes["partsFor"]> = {};
  await build(volumes, made => {
    parts = made.partsFor("api");
    other = made.partsFor("other");
  });
  expect(other).toEqual({});
  expect(parts.mounts).toEqual([
    { volume: "forensic-logs", path: "/app/forensic_logs", readOnly: false },
    { volume: "spice-layer", path: "/app/spice_layer", readOnly: false },
    { volume: "memory-matrix", path: "/app/memory_matrix", readOnly: true },
  ]);
  expect(parts.volumes?.map(v => v.name)).toEqual(["forensic-logs", "spice-layer", "memory-matrix"]);
  expect(parts.peers).toMatchObject([
    { name: "volumes-customer", port: 2049 },
    { name: "volumes-customer-vaults", port: 2049 },
  ]);
});

test("a service that mounts a volume read-only has no permission to write there (IS-9)", async () => {
  const given: Promise<unknown>[] = [];
  await build(volumes, made => {
    const { statements = [] } = made.partsFor("api");
    given.push(resolved(pulumi.output(statements)));
  });
  const [statements] = await Promise.all(given);
  const arn = (name: string) => `arn:aws:mock:::sample-customer-${name}`;
  expect(statements).toMatchObject([
    {
      Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
      Condition: { StringEquals: { "elasticfilesystem:AccessPointArn": arn("forensic-logs") } },
    },
    {
      Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
      Condition: { StringEquals: { "elasticfilesystem:AccessPointArn": arn("spice-layer") } },
    },
    {
      Action: "elasticfilesystem:ClientMount",
      Condition: { StringEquals: { "elasticfilesystem:AccessPointArn": arn("vaults-memory-matrix") } },
    },
  ]);
});

describe("when all services are there", () => {
  const shared = {
    data: { ...forensic, mounts: [mount("api", false), mount("reader", true)] },
    vault: { ...matrix, mounts: [mount("api", true)] },
  };

  function mount(service: string, readOnly: boolean) {
    return { service, path: "/data", readOnly };
  }

  test("each mounting service is let in once, by its group (SA-9)", async () => {
    const all = await build(shared, made => admit(made, ["api", "reader", "bystander"]));
    const ways = all.filter(r => r.type === ingress).map(r => r.inputs);
    expect(ways.map(r => `${r.referencedSecurityGroupId} -> ${r.securityGroupId}`)).toEqual([
      "sg-api -> sample-customer-id",
      "sg-reader -> sample-customer-id",
      "sg-api -> sample-customer-vaults-id",
    ]);
  });

  test("the policy names who mounts and who writes; where nobody writes, it names nobody (IS-9)", async () => {
    const all = await build(shared, made => admit(made, ["api", "reader"]));
    const [data, vault] = ["sample-customer", "sample-customer-vaults"].map(name => only(all, policy, name)) as [
      Registered,
      Registered,
    ];
    const [api, reader] = ["api", "reader"].map(name => `arn:aws:iam::123456789012:role/${name}`);
    expect(statement(data, "DataMounting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [api, reader] });
    expect(statement(data, "DataWriting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [api] });
    expect(statement(vault, "VaultMounting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [api] });
    expect(Object.keys(statement(vault, "VaultWriting").Condition ?? {})).toEqual(["StringEquals"]);
    expect([data, vault].map(made => policyOf(made).length)).toEqual([5, 5]);
  });

  test("a loader fills the volume it is named for, and no other", async () => {
    const loader = { roleArn: "arn:aws:iam::123456789012:role/loader", securityGroupId: "sg-loader" };
    const all = await build(shared, made => admit(made, ["api", "reader"]), { vault: loader });
    const made = only(all, policy, "sample-customer-vaults");
    expect(statement(made, "VaultWriting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [loader.roleArn] });
    expect(JSON.stringify(policyOf(only(all, policy, "sample-customer")))).not.toContain("loader");
    expect(only(all, ingress, "sample-customer-vaults-from-loader-of-vault").inputs).toMatchObject({
      referencedSecurityGroupId: "sg-loader",
      fromPort: 2049,
    });
  });

  test("a mounting service that is missing is an error, not a gap in the policy", async () => {
    await expect(build(shared, made => admit(made, ["api"]))).rejects.toThrow("service `reader` mounts a volume");
  });
});

test("a volume of each replica's own is refused", async () => {
  await expect(build({ data: { ...forensic, sharing: "replica" } })).rejects.toThrow(
    "`volumes.data.sharing` is `replica`",
  );
});

test("a loader of no volume is refused", async () => {
  const loader = { roleArn: "arn:role", securityGroupId: "sg-1" };
  await expect(build(volumes, () => {}, { vault: loader })).rejects.toThrow("`loaders` has `vault`");
});
