// The picture of a stack: what it is made from, and that the one in the README is the engine's own.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EngineResource } from "../../src/cli/engine-resource";
import { mermaid } from "../../src/cli/mermaid";
import { picture } from "../../src/cli/picture";
import { openClone } from "./clone";
import { blockAfter, read } from "./markdown";

const stack = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";

/** A resource, by its type, its name and its parent; what it depends on is named by URN. */
function resource(type: string, name: string, parent: string, more: Partial<EngineResource> = {}): EngineResource {
  return { urn: `urn:pulumi:dev::p::${type}::${name}`, type, parent, ...more };
}

const foundation = resource("palisade:aws:SaasFoundation", "base-dev", stack);
const network = resource("palisade:aws:Network", "base-dev", foundation.urn);
const vpc = resource("aws:ec2/vpc:Vpc", "base-dev", network.urn, { inputs: { cidrBlock: "10.0.0.0/16" } });
const subnet = resource("aws:ec2/subnet:Subnet", "base-dev-private-z1", network.urn, { dependencies: [vpc.urn] });
const keys = resource("palisade:aws:DataKeys", "base-dev", foundation.urn);
const key = resource("aws:kms/key:Key", "base-dev-logs", keys.urn);
const edge = resource("palisade:aws:Edge", "base-dev-edge", foundation.urn);
const edgeGroup = resource("aws:ec2/securityGroup:SecurityGroup", "base-dev-edge", edge.urn, {
  dependencies: [vpc.urn],
});
const wayIn = resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", edge.urn, {
  inputs: { fromPort: 443, cidrIpv4: "0.0.0.0/0" },
  propertyDependencies: { securityGroupId: [edgeGroup.urn] },
});

const unused = resource("palisade:aws:SecureBucket", "base-dev-access-logs", foundation.urn);
const bucket = resource("aws:s3/bucket:Bucket", "base-dev-access-logs", unused.urn);

const app = resource("palisade:aws:SaasWorkload", "app-dev", stack);
const empty = resource("palisade:aws:WorkloadQueues", "app-dev", app.urn);
const services = ["web", "core"].map(name => {
  const service = resource("palisade:aws:WorkloadService", `app-dev-${name}`, app.urn);
  const group = resource("aws:ec2/securityGroup:SecurityGroup", `app-dev-${name}`, service.urn);
  const log = resource("aws:cloudwatch/logGroup:LogGroup", `app-dev-${name}`, service.urn, {
    dependencies: [key.urn, subnet.urn],
  });
  return { service, group, log };
});
const [web, core] = services;
const hop = resource("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", web?.service.urn ?? "", {
  inputs: { fromPort: 8443 },
  propertyDependencies: {
    securityGroupId: [web?.group.urn ?? ""],
    referencedSecurityGroupId: [core?.group.urn ?? ""],
  },
  dependencies: [web?.group.urn ?? "", core?.group.urn ?? ""],
});
const forward = resource("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "forward", edge.urn, {
  inputs: { fromPort: 8444 },
  propertyDependencies: { securityGroupId: [edgeGroup.urn], referencedSecurityGroupId: [web?.group.urn ?? ""] },
});
const store = resource("palisade:aws:PostgresDatabase", "app-dev-postgres", app.urn);
const alarms = resource("palisade:aws:DatabaseAlarms", "app-dev-postgres", app.urn);
const alarm = resource("aws:cloudwatch/metricAlarm:MetricAlarm", "app-dev-postgres-cpu", alarms.urn);

const other = resource("palisade:aws:SaasWorkload", "other-dev", stack);
const queues = resource("palisade:aws:WorkloadQueues", "other-dev", other.urn);
const queue = ["todo", "dead"].map(name =>
  resource("aws:sqs/queue:Queue", `other-dev-${name}`, queues.urn, { dependencies: [key.urn] }),
);
const second = resource("palisade:aws:SecondRegion", "base-dev-second", stack);
const topic = resource("aws:sns/topic:Topic", "base-dev-second", second.urn);
const provider = resource("pulumi:providers:aws", "aws", stack);

const resources = [
  { urn: stack, type: "pulumi:pulumi:Stack" },
  ...[foundation, network, vpc, subnet, keys, key, edge, edgeGroup, wayIn, app],
  ...services.flatMap(({ service, group, log }) => [service, group, log]),
  ...[hop, forward, alarms, alarm, store, unused, bucket, empty, other, queues, ...queue, second, topic, provider],
];

describe("a picture of all workloads", () => {
  const drawn = picture(resources);

  test("has a part for each workload as a whole, and for each component of the foundation", () => {
    expect(drawn.parts.map(part => part.id)).toEqual([
      "app_SaasWorkload",
      "base_DataKeys",
      "base_Edge_edge",
      "base_Network",
      "base_SecondRegion",
      "base_SecureBucket_access_logs",
      "other_SaasWorkload",
    ]);
    expect(drawn.parts.find(part => part.name === "other")?.contents).toEqual(["2 SQS queues"]);
    expect(drawn.parts.find(part => part.name === "app")?.tier).toBe("private");
  });

  test("has the links of workloads with the foundation, and none of a workload with itself", () => {
    expect(drawn.links).toEqual([
      { from: "base_Edge_edge", to: "app_SaasWorkload", ports: [8444] },
      { from: "internet", to: "base_Edge_edge", ports: [443] },
      { from: "app_SaasWorkload", to: "base_DataKeys" },
      { from: "other_SaasWorkload", to: "base_DataKeys" },
    ]);
  });

  test("puts the workloads into one box", () => {
    expect(mermaid(drawn)).toContain('subgraph private_workloads["workloads"]');
  });
});

describe("a picture of one workload", () => {
  const drawn = picture(resources, "app");

  test("has a part for each component that holds or uses something, and what they touch of the foundation", () => {
    expect(drawn.parts.map(part => part.id)).toEqual([
      "app_PostgresDatabase_postgres",
      "app_WorkloadService_core",
      "app_WorkloadService_web",
      "base_DataKeys",
      "base_Edge_edge",
      "base_Network",
    ]);
    expect(drawn).toMatchObject({ stack: "dev", range: "10.0.0.0/16" });
  });

  test("shows what serves another part inside of that", () => {
    expect(drawn.parts.find(part => part.name === "postgres")?.contents).toEqual(["alarm"]);
  });

  test("places a part in the subnets its resources depend on", () => {
    expect(drawn.parts.find(part => part.name === "web")?.tier).toBe("private");
    expect(drawn.parts.find(part => part.kind === "Data keys")?.tier).toBeUndefined();
  });

  test("reads connections from the rules of security groups, and everything else as uses", () => {
    expect(drawn.links).toEqual([
      { from: "app_WorkloadService_web", to: "app_WorkloadService_core", ports: [8443] },
      { from: "base_Edge_edge", to: "app_WorkloadService_web", ports: [8444] },
      { from: "internet", to: "base_Edge_edge", ports: [443] },
      { from: "app_WorkloadService_core", to: "base_DataKeys" },
      { from: "app_WorkloadService_web", to: "base_DataKeys" },
    ]);
  });

  test("joins what all parts of a box have in common", () => {
    const chart = mermaid(drawn);
    expect(chart).toContain("private_app -.-> base_DataKeys");
    expect(chart).not.toContain("app_WorkloadService_web -.->");
    expect(chart).toContain("app_WorkloadService_web ==>|8443| app_WorkloadService_core");
  });

  test("is a flow chart: plain ids, boxes that close, arrows between what is there", () => {
    const lines = mermaid(drawn)
      .split("\n")
      .map(line => line.trim());
    expect(lines.filter(line => line.startsWith("subgraph")).length).toBe(lines.filter(line => line === "end").length);
    const defined = lines.flatMap(line => /^(?:subgraph )?(\w+)(?:\[|\(\()"[^"]*"/.exec(line)?.[1] ?? []);
    const arrows = lines.flatMap(line => /^(\w+) (?:==>\|[\d, ]+\||-\.->) (\w+)$/.exec(line)?.slice(1, 3) ?? []);
    expect(arrows.length).toBeGreaterThan(0);
    expect(arrows.filter(id => !defined.includes(id))).toEqual([]);
    expect(new Set(defined).size).toBe(defined.length);
  });
});

test("the picture in the README is what the engine says of Sanctum in dev: else `npx palisade graph --workload sanctum --write README.md`", async () => {
  const clone = await openClone();
  try {
    const { code, stdout } = await clone.type("npx palisade graph --workload sanctum --write README.md");
    expect(code, stdout).toBe(0);
    expect(readFileSync(join(clone.directory, "README.md"), "utf8")).toBe(read("README.md"));
    // More than that, nobody reads.
    const nodes = blockAfter("README.md", "## What gets built", "mermaid").match(/^\s+\w+\["/gm);
    expect(nodes?.length).toBeLessThanOrEqual(25);
  } finally {
    await clone.close();
  }
});
