import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { FargateService, type FargateServiceArgs } from "../../../src/components/aws/fargate-service";
import { only } from "../record";
import { machineService } from "./machine-samples";
import { digest, recordTypes, sampleService } from "./samples";

const types = [
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ecs/service:Service",
  "aws:ecs/taskDefinition:TaskDefinition",
  "aws:lb/listenerRule:ListenerRule",
  "aws:lb/targetGroup:TargetGroup",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
];
const common = {
  serviceName: "sample",
  image: `registry/sample/api@${digest}`,
  region: "eu-central-1",
  clusterArn: "arn:cluster",
  namespaceArn: "arn:namespace",
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  executionRoleArn: "arn:execution",
  taskRoleArn: "arn:task",
  logGroupName: "/palisade/sample",
};
const tls = { authorityArn: "arn:authority", roleArn: "arn:role", keyArn: "arn:key" };
const internal: FargateServiceArgs = { ...common, service: sampleService(), tls };
const open: FargateServiceArgs = {
  ...common,
  service: sampleService({ network: { exposure: "public" }, health: { path: "/", port: "api", graceSeconds: 90 } }),
  route: { listenerArn: "arn:listener", hostNames: ["api.example.com"], priority: 1, edgeSecurityGroupId: "sg-edge" },
};

function build(args: FargateServiceArgs, more: (service: FargateService) => void = () => {}) {
  return recordTypes(types, () => more(new FargateService("sample", args)));
}
const service = async (args: FargateServiceArgs) => only(await build(args), "aws:ecs/service:Service").inputs;

test("a rollout keeps every task until its successor is healthy, and goes back if none is", async () => {
  expect(await service(internal)).toMatchObject({
    deploymentMinimumHealthyPercent: 100,
    deploymentMaximumPercent: 200,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    availabilityZoneRebalancing: "ENABLED",
    waitForSteadyState: true,
    desiredCount: 2,
  });
});

test("what must not run twice ends before its successor starts (IS-6)", async () => {
  expect(await service({ ...internal, singleton: true })).toMatchObject({
    deploymentMinimumHealthyPercent: 0,
    deploymentMaximumPercent: 100,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    availabilityZoneRebalancing: "DISABLED",
  });
});

test("tasks are private and take no shell", async () => {
  expect(await service(internal)).toMatchObject({
    launchType: "FARGATE",
    enableExecuteCommand: false,
    networkConfiguration: { assignPublicIp: false, subnets: ["subnet-a", "subnet-b"], securityGroups: ["sample-id"] },
  });
});

test("an internal service is reached over TLS by name, and by no load balancer", async () => {
  const inputs = await service(internal);
  expect(inputs.serviceConnectConfiguration).toMatchObject({
    services: [{ tls: { issuerCertAuthority: { awsPcaAuthorityArn: "arn:authority" } } }],
  });
  expect(Object.keys(inputs)).not.toContain("loadBalancers");
});

test("a public service hangs behind the edge, which alone may reach it", async () => {
  const registered = await build(open);
  const { inputs } = only(registered, "aws:ecs/service:Service");
  expect(inputs).toMatchObject({
    loadBalancers: [{ targetGroupArn: "arn:aws:mock:::sample", containerName: "sample", containerPort: 8443 }],
    healthCheckGracePeriodSeconds: 90,
  });
  expect(Object.keys(inputs)).not.toContain("serviceConnectConfiguration");
  expect(only(registered, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs).toMatchObject({
    referencedSecurityGroupId: "sg-edge",
    fromPort: 8443,
    toPort: 8443,
  });
});

test("the edge is told the ports it needs: that of the traffic and that of the health checks", async () => {
  const ports = [
    { name: "api", number: 8443 },
    { name: "ops", number: 9443 },
  ];
  const health = { path: "/healthz", port: "ops" };
  const split = sampleService({ network: { exposure: "public" }, ports, health });
  const told: (readonly number[])[] = [];
  const registered = await build({ ...open, service: split }, sample => told.push(sample.edgePorts));
  await build(open, sample => told.push(sample.edgePorts));
  await build(internal, sample => told.push(sample.edgePorts));
  expect(told).toEqual([[8443, 9443], [8443], []]);
  const rules = registered.filter(r => r.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  expect(rules.map(r => r.inputs.fromPort)).toEqual([8443, 9443]);
});

test("the task has room for its proxy; one without a proxy has none to spare", async () => {
  // 500 and 250 millicores are 768 units, 512 and 64 MiB want the least memory sold with 1024.
  const withProxy = only(await build(internal), "aws:ecs/taskDefinition:TaskDefinition").inputs;
  expect(withProxy).toMatchObject({ cpu: "1024", memory: "2048" });
  const without = only(await build(open), "aws:ecs/taskDefinition:TaskDefinition").inputs;
  expect(without).toMatchObject({ cpu: "512", memory: "1024", networkMode: "awsvpc", skipDestroy: true });
});

test("the containers are those of the specification, with outputs resolved", async () => {
  const args = {
    ...open,
    environment: { URL: pulumi.output("https://x") },
    secretArns: { TOKEN: pulumi.output("arn:t") },
  };
  const { inputs } = only(await build(args), "aws:ecs/taskDefinition:TaskDefinition");
  expect(JSON.parse(String(inputs.containerDefinitions))).toMatchObject([
    {
      name: "sample",
      image: common.image,
      readonlyRootFilesystem: true,
      environment: [{ name: "URL", value: "https://x" }],
      secrets: [{ name: "TOKEN", valueFrom: "arn:t" }],
    },
  ]);
});

test("callers and peers are let in and out one by one", async () => {
  const registered = await build(internal, sample => {
    sample.allowFrom("backend", "sg-backend");
    sample.allowTo("vectors", { securityGroupId: "sg-vectors" }, 5432);
    sample.allowTo("s3", { prefixListId: "pl-s3" }, 443);
  });
  expect(only(registered, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")).toMatchObject({
    name: "sample-from-backend-8443",
    inputs: { securityGroupId: "sample-id", referencedSecurityGroupId: "sg-backend", fromPort: 8443 },
  });
  const out = registered.filter(r => r.type === "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
  expect(out.map(r => r.inputs)).toMatchObject([
    { referencedSecurityGroupId: "sg-vectors", fromPort: 5432, description: "TCP 5432 to vectors" },
    { prefixListId: "pl-s3", fromPort: 443, description: "TCP 443 to s3" },
  ]);
});

test("nobody calls a service its specification lets nobody call", async () => {
  await expect(build(open, sample => sample.allowFrom("other", "sg-other"))).rejects.toThrow("neither may `other`");
});

const memoryOnly = sampleService({
  memoryOnly: true,
  image: { repository: "sample/api", command: ["serve"] },
  logs: [{ kind: "application", fields: {} }],
});

test.each([
  [{ ...open, route: undefined }, "`route` is missing"],
  [{ ...internal, route: open.route }, "`route` is given"],
  [{ ...internal, tls: undefined }, "`tls` is missing"],
  [{ ...internal, image: "registry/sample/api:latest" }, "`image` is `registry/sample/api:latest`"],
  [{ ...internal, ephemeralStorageGiB: 20 }, "`ephemeralStorageGiB` is 20"],
  [
    { ...internal, service: sampleService({ resources: { cpuMillicores: 500, memoryMiB: 512, gpus: 1 } }) },
    "`gpus`; Fargate has none",
  ],
  [{ ...internal, service: memoryOnly, ephemeralStorageGiB: 30 }, "`ephemeralStorageGiB` is given"],
  [
    { ...internal, service: memoryOnly, volumes: [{ name: "v", fileSystemId: "fs", accessPointId: "ap" }] },
    "`volumes` is given, but service `sample` is memory-only (SP-6)",
  ],
  [
    { ...internal, service: memoryOnly, mounts: [{ volume: "v", path: "/v", readOnly: false }] },
    "`mounts` is given, but service `sample` is memory-only (SP-6)",
  ],
  [{ ...internal, service: machineService() }, "wants a `machine`"],
])("case %# is refused", async (args, message) => {
  await expect(build(args)).rejects.toThrow(message);
});

test("a service that may be interrupted runs on spot (CP-12)", async () => {
  const inputs = await service({ ...internal, service: sampleService({ interruptible: true }) });
  expect(inputs.capacityProviderStrategies).toEqual([{ capacityProvider: "FARGATE_SPOT", weight: 1 }]);
  expect(inputs).not.toHaveProperty("launchType");
});
