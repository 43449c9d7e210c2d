import { describe, expect, test } from "vitest";
import type { ContainerDefinition } from "../../../src/components/aws/container-definition";
import { GpuService, type GpuServiceArgs } from "../../../src/components/aws/gpu-service";
import { only } from "../record";
import { policyOf } from "./reading";
import { digest, recordTypes, sampleService } from "./samples";

const types = [
  "aws:autoscaling/group:Group",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ecs/capacityProvider:CapacityProvider",
  "aws:ecs/cluster:Cluster",
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
  "aws:ecs/service:Service",
  "aws:ecs/taskDefinition:TaskDefinition",
  "aws:iam/instanceProfile:InstanceProfile",
  "aws:iam/role:Role",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
];

const service = sampleService({
  resources: { cpuMillicores: 3500, memoryMiB: 12_288, gpus: 1 },
  scaling: { minReplicas: 1, maxReplicas: 3, targets: [{ metric: "queue-wait", milliseconds: 60_000 }] },
  lifecycle: { checkCommand: ["--check"] },
  network: { exposure: "none" },
  interruptible: true,
});
const args: GpuServiceArgs = {
  serviceName: "sample",
  service,
  image: `registry/sample/api@${digest}`,
  region: "eu-central-1",
  accountId: "123456789012",
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  keyArn: "arn:key",
  executionRoleArn: "arn:execution",
  taskRoleArn: "arn:task",
  logGroupName: "/palisade/sample",
};
const build = (changes: Partial<GpuServiceArgs> = {}, more: (made: GpuService) => void = () => {}) =>
  recordTypes(types, () => more(new GpuService("sample", { ...args, ...changes })));

describe("machines", () => {
  test("are on spot, of several types, none while there is no work, and never more than the cap (CP-12)", async () => {
    const { inputs } = only(await build(), "aws:autoscaling/group:Group");
    expect(inputs).toMatchObject({
      minSize: 0,
      maxSize: 3,
      protectFromScaleIn: true,
      vpcZoneIdentifiers: args.subnetIds,
    });
    expect(inputs.mixedInstancesPolicy).toMatchObject({
      launchTemplate: {
        overrides: [{ instanceType: "g4dn.xlarge" }, { instanceType: "g5.xlarge" }, { instanceType: "g6.xlarge" }],
      },
      instancesDistribution: {
        onDemandBaseCapacity: 0,
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "capacity-optimized",
      },
    });
  });

  test("are on demand for work that must not be interrupted", async () => {
    const { inputs } = only(
      await build({ service: { ...service, interruptible: false } }),
      "aws:autoscaling/group:Group",
    );
    expect(inputs.mixedInstancesPolicy).toMatchObject({
      instancesDistribution: { onDemandPercentageAboveBaseCapacity: 100 },
    });
    expect(inputs.capacityRebalance).toBe(false);
  });

  test("have an encrypted disk, no key pair, metadata by token and not for tasks (SA-7, CP-6)", async () => {
    const { inputs } = only(await build(), "aws:ec2/launchTemplate:LaunchTemplate");
    expect(inputs).toMatchObject({
      imageId: expect.stringMatching(/^resolve:ssm:\/aws\/service\/ecs\/optimized-ami\/amazon-linux-2023\/gpu\//),
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ ebs: { encrypted: "true", kmsKeyId: "arn:key", deleteOnTermination: "true" } }],
      vpcSecurityGroupIds: ["sample-id"],
    });
    expect(inputs).not.toHaveProperty("keyName");
    const settings = Buffer.from(String(inputs.userData), "base64").toString();
    for (const setting of [
      "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
      "ECS_AWSVPC_BLOCK_IMDS=true",
      "ECS_DISABLE_PRIVILEGED=true",
      "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true",
    ])
      expect(settings).toContain(setting);
  });

  test("come and go with the tasks, and drain before they go", async () => {
    const all = await build();
    expect(only(all, "aws:ecs/capacityProvider:CapacityProvider").inputs.autoScalingGroupProvider).toMatchObject({
      managedTerminationProtection: "ENABLED",
      managedDraining: "ENABLED",
      managedScaling: { status: "ENABLED", targetCapacity: 100, maximumScalingStepSize: 3 },
    });
  });

  test("may do what the agent does in their own cluster, and nothing with images, secrets or logs", async () => {
    const policy = policyOf(only(await build(), "aws:iam/rolePolicy:RolePolicy"));
    for (const { Action, Resource } of policy) {
      for (const action of [Action].flat()) expect(action).toMatch(/^ecs:/);
      if (Resource === "*") expect(Action).toBe("ecs:DiscoverPollEndpoint");
    }
  });
});

describe("tasks", () => {
  const containers = async () =>
    JSON.parse(
      String(only(await build(), "aws:ecs/taskDefinition:TaskDefinition").inputs.containerDefinitions),
    ) as (ContainerDefinition & { resourceRequirements?: unknown; ulimits: unknown })[];

  test("the process has the GPU, its check has none", async () => {
    const [check, process] = await containers();
    expect(check).toMatchObject({ name: "sample-check" });
    expect(check).not.toHaveProperty("resourceRequirements");
    expect(process).toMatchObject({ name: "sample", resourceRequirements: [{ type: "GPU", value: "1" }] });
  });

  test("no container dumps core or swaps, and all bounds of Fargate hold (RT-12, SP-6)", async () => {
    for (const container of await containers())
      expect(container).toMatchObject({
        user: "1000:1000",
        privileged: false,
        readonlyRootFilesystem: true,
        ulimits: [{ name: "core", softLimit: 0, hardLimit: 0 }],
        linuxParameters: { maxSwap: 0, capabilities: { drop: ["ALL"] } },
      });
  });

  test("are bounded on EC2 as a whole", async () => {
    expect(only(await build(), "aws:ecs/taskDefinition:TaskDefinition").inputs).toMatchObject({
      requiresCompatibilities: ["EC2"],
      networkMode: "awsvpc",
      cpu: "3584",
      memory: "12288",
    });
  });
});

test("nobody gets in, and the ways out are those that were asked for (SA-9)", async () => {
  const all = await build({}, made => {
    made.allowTo("s3", { prefixListId: "pl-1" }, 443);
    expect(() => made.allowFrom("other")).toThrow("nobody may call service `sample`, so neither may `other`");
  });
  const rule = only(all, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
  expect(rule.inputs).toMatchObject({ prefixListId: "pl-1", fromPort: 443 });
  const group = only(all, "aws:ec2/securityGroup:SecurityGroup").inputs;
  expect(group).not.toHaveProperty("ingress");
});

test.each<[string, Partial<GpuServiceArgs>, RegExp]>([
  [
    "a volume, rather than left out",
    { volumes: [{ name: "data", fileSystemId: "fs-1", accessPointId: "ap-1" }] },
    /`volumes` and `mounts` are given; the GPU machines of `sample` mount none/,
  ],
  ["an image by tag", { image: "registry/sample:latest" }, /allowed is a repository with a digest/],
  [
    "a reachable service",
    { service: sampleService({ resources: service.resources }) },
    /`service` `sample`: `network\.exposure` is `internal` with `gpus`; allowed is `none`/,
  ],
])("%s is refused", async (_, changes, message) => {
  await expect(build(changes)).rejects.toThrow(message);
});
