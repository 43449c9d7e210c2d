// ISS in a dev stack, against the mocks: what its volumes and its log files become once everything works together.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { statement } from "../components/reading";
import { statementAbout } from "../components/samples";
import { only, type Registered, record } from "../record";
import { stackMocks } from "./mocks";

const digest = `sha256:${"1".repeat(64)}`;

function issConfig(more: Record<string, unknown> = {}): StackConfig {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const changed = new Map(raw)
    .set("palisade:platformImages", { "log-shipper": digest })
    .set("palisade:workloads", { iss: { images: { api: digest }, frontendOrigin: "http://localhost:3000", ...more } });
  const parsed = parseConfig(changed, { catalog, stack: "dev", preview: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.config as unknown as StackConfig;
}

function register(config: StackConfig): Promise<Registered[]> {
  return record(stackMocks, () => saas(config, catalog));
}

let all: Registered[];
beforeAll(async () => {
  all = await register(issConfig());
});

const task = (name: string) => only(all, "aws:ecs/taskDefinition:TaskDefinition", name).inputs;
interface Container {
  name: string;
  image: string;
  user: string;
  entryPoint?: string[];
  command?: string[];
  readonlyRootFilesystem: boolean;
  mountPoints: unknown[];
  environment: { name: string; value: string }[];
  secrets: { name: string }[];
}
const container = (name: string): Container => JSON.parse(String(task(name).containerDefinitions))[0];
const rolePolicy = (name: string) =>
  all.filter(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === name).map(r => r.inputs.policy);

test("the process sees its three directories, the vaults read-only, each by TLS and its own identity (IS-3, IS-9, SA-6)", () => {
  expect(container("iss-dev-api").mountPoints).toEqual([
    { sourceVolume: "forensic-logs", containerPath: "/app/forensic_logs", readOnly: false },
    { sourceVolume: "spice-layer", containerPath: "/app/spice_layer", readOnly: false },
    { sourceVolume: "memory-matrix", containerPath: "/app/memory_matrix", readOnly: true },
  ]);
  expect(task("iss-dev-api").volumes).toContainEqual({
    name: "memory-matrix",
    efsVolumeConfiguration: {
      fileSystemId: "iss-dev-volumes-customer-vaults-id",
      transitEncryption: "ENABLED",
      authorizationConfig: { accessPointId: "iss-dev-volumes-customer-vaults-memory-matrix-id", iam: "ENABLED" },
    },
  });
});

test("its environment is the seed's, with the stack's origin and without the secret (IS-1, IS-5)", () => {
  const { environment, secrets } = container("iss-dev-api");
  const variables = Object.fromEntries(environment.map(({ name, value }) => [name, value]));
  expect(variables).toMatchObject({ PORT: "8000", ALLOW_ORIGINS: "http://localhost:3000", API_VERSION: "2.0.0" });
  expect(Object.keys(variables)).not.toContain("SECRET_KEY");
  expect(secrets.map(({ name }) => name)).toEqual(["SECRET_KEY"]);
});

test("three replicas, each reached on 8000 by the edge alone (IS-4, IS-5)", () => {
  expect(only(all, "aws:ecs/service:Service", "iss-dev-api").inputs.desiredCount).toBe(3);
  const rules = all.filter(
    r =>
      r.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" &&
      r.inputs.securityGroupId === "iss-dev-api-id",
  );
  expect(rules.map(r => [r.name, r.inputs.fromPort])).toEqual([["iss-dev-api-from-edge-8000", 8000]]);
});

describe("the log shipper (IS-6)", () => {
  const name = "iss-dev-log-shipper";

  test("runs once for all replicas, in the same bounds as a workload", () => {
    expect(only(all, "aws:ecs/service:Service", name).inputs).toMatchObject({
      desiredCount: 1,
      deploymentMaximumPercent: 100,
    });
    expect(container(name)).toMatchObject({
      name: "log-shipper",
      user: "1000:1000",
      readonlyRootFilesystem: true,
      entryPoint: ["/fluent-bit/bin/fluent-bit"],
    });
    expect(container(name).image).toMatch(new RegExp(`@${digest}$`));
  });

  test("sees the volumes with logs read-only, and one of its own", () => {
    expect(container(name).mountPoints).toEqual([
      { sourceVolume: "forensic-logs", containerPath: "/followed/forensic-logs", readOnly: true },
      { sourceVolume: "spice-layer", containerPath: "/followed/spice-layer", readOnly: true },
      { sourceVolume: "log-shipper", containerPath: "/positions", readOnly: false },
    ]);
  });

  test("sends each kind to a log group that exists, is encrypted and goes on to the sink", () => {
    const groups = (container(name).command ?? []).filter(word => word.startsWith("log_group_name="));
    expect(groups).toEqual([
      "log_group_name=/palisade/dev/iss/api/audit",
      "log_group_name=/palisade/dev/iss/api/compliance",
    ]);
    for (const kind of ["audit", "compliance"]) {
      const group = only(all, "aws:cloudwatch/logGroup:LogGroup", `${name}-api-${kind}`);
      expect(groups).toContain(`log_group_name=${group.inputs.name}`);
      expect(group.inputs.kmsKeyId).toContain("palisade-dev-logs");
      expect(
        all.some(
          r =>
            r.type === "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter" &&
            r.inputs.logGroup === group.inputs.name,
        ),
      ).toBe(true);
    }
  });

  test("may write to those groups, and to nobody's volume but its own", () => {
    const [policy] = rolePolicy(name).filter(p => String(p).includes("elasticfilesystem"));
    expect(statementAbout("elasticfilesystem:ClientWrite", policy).Condition).toEqual({
      StringEquals: {
        "elasticfilesystem:AccessPointArn": "arn:aws:mock:::iss-dev-volumes-customer-log-shipper",
      },
    });
    expect(statementAbout("logs:PutLogEvents", policy).Resource).toEqual(
      ["audit", "compliance"].map(kind => `arn:aws:mock:::${name}-api-${kind}:*`),
    );
  });

  test("is missed when it is gone", () => {
    expect(only(all, "aws:cloudwatch/metricAlarm:MetricAlarm", `${name}-running-tasks`).inputs).toMatchObject({
      threshold: 1,
      treatMissingData: "breaching",
    });
  });
});

describe("the file systems", () => {
  test("nobody writes to the vaults, and nobody mounts what is not theirs, whatever else IAM allows (IS-9)", () => {
    const vaults = only(all, "aws:efs/fileSystemPolicy:FileSystemPolicy", "iss-dev-volumes-customer-vaults");
    const policy = only(all, "aws:efs/fileSystemPolicy:FileSystemPolicy", "iss-dev-volumes-customer");
    const [api, shipper] = ["iss-dev-api", "iss-dev-log-shipper"].map(role => `arn:aws:mock:::${role}`);
    expect(Object.keys(statement(vaults, "MemoryMatrixWriting").Condition ?? {})).toEqual(["StringEquals"]);
    expect(statement(vaults, "MemoryMatrixMounting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [api] });
    expect(statement(policy, "ForensicLogsMounting").Condition?.ArnNotEquals).toEqual({
      "aws:PrincipalArn": [api, shipper],
    });
    expect(statement(policy, "ForensicLogsWriting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [api] });
    expect(statement(policy, "LogShipperWriting").Condition?.ArnNotEquals).toEqual({ "aws:PrincipalArn": [shipper] });
  });

  test("lie where no route leads out, and take NFS from the two services alone, on both sides (SA-9)", () => {
    const targets = all.filter(r => r.type === "aws:efs/mountTarget:MountTarget").map(r => r.inputs.subnetId);
    const data = ["palisade-dev-data-eu-central-1a-id", "palisade-dev-data-eu-central-1b-id"];
    expect(targets).toEqual([...data, ...data]);
    const nfs = (type: string, from: string, to: string) =>
      all
        .filter(r => r.type === type && r.inputs.fromPort === 2049)
        .map(r => `${r.inputs[from]} -> ${r.inputs[to]}`)
        .sort();
    const ways = [
      "iss-dev-api-id -> iss-dev-volumes-customer-id",
      "iss-dev-api-id -> iss-dev-volumes-customer-vaults-id",
      "iss-dev-log-shipper-id -> iss-dev-volumes-customer-id",
    ];
    const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
    const egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
    expect(nfs(ingress, "referencedSecurityGroupId", "securityGroupId")).toEqual(ways);
    expect(nfs(egress, "securityGroupId", "referencedSecurityGroupId")).toEqual(ways);
  });
});

test("a loader that the stack names fills the vaults (IS-9)", async () => {
  const loader = { roleArn: "arn:aws:iam::123456789012:role/loader", securityGroupId: "sg-0123456789abcdef0" };
  const loaded = await register(issConfig({ volumeLoaders: { "memory-matrix": loader } }));
  const policy = only(loaded, "aws:efs/fileSystemPolicy:FileSystemPolicy", "iss-dev-volumes-customer-vaults");
  expect(statement(policy, "MemoryMatrixWriting").Condition?.ArnNotEquals).toEqual({
    "aws:PrincipalArn": [loader.roleArn],
  });
});
