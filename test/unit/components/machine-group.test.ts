// Unit tests: machines are disposable, encrypted, without a public address or a key pair, and keep their identity to themselves (CP-1, CP-6).
import { expect, test } from "vitest";
import { MachineGroup, type MachineGroupArgs } from "../../../src/components/aws/machine-group";
import { only } from "../record";
import { machineService } from "./machine-samples";
import { recordTypes, sampleService } from "./samples";

const template = "aws:ec2/launchTemplate:LaunchTemplate";
const group = "aws:autoscaling/group:Group";
const base: MachineGroupArgs = {
  service: machineService(),
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-1",
  instanceProfileArn: "arn:profile",
  userData: "#cloud-config\n",
  diskKeyArn: "arn:key",
  ipv6: false,
  serviceTag: "sample-dev-bot",
  waitForCapacity: true,
};
const build = (changes: Partial<MachineGroupArgs> = {}) =>
  recordTypes([template, group], () => new MachineGroup("sample-dev-bot", { ...base, ...changes }));

test("a machine is a t3.medium with the newest Ubuntu 22.04 of Canonical (CP-1)", async () => {
  expect(only(await build(), template).inputs).toMatchObject({
    instanceType: "t3.medium",
    imageId: "resolve:ssm:/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
    userData: Buffer.from("#cloud-config\n").toString("base64"),
    monitoring: { enabled: true },
  });
});

test("its metadata wants a token and goes one hop, so not into a container", async () => {
  expect(only(await build(), template).inputs.metadataOptions).toEqual({
    httpEndpoint: "enabled",
    httpTokens: "required",
    httpPutResponseHopLimit: 1,
    instanceMetadataTags: "disabled",
  });
});

test("its disk is encrypted, and goes with it", async () => {
  expect(only(await build(), template).inputs.blockDeviceMappings).toEqual([
    {
      deviceName: "/dev/sda1",
      ebs: { volumeType: "gp3", volumeSize: 30, encrypted: "true", kmsKeyId: "arn:key", deleteOnTermination: "true" },
    },
  ]);
});

test("it has no public address and no key pair; IPv6 only where asked", async () => {
  const { inputs } = only(await build(), template);
  expect(inputs).not.toHaveProperty("keyName");
  expect(inputs.networkInterfaces).toEqual([
    { deviceIndex: 0, associatePublicIpAddress: "false", securityGroups: ["sg-1"], deleteOnTermination: "true" },
  ]);
  expect(only(await build({ ipv6: true }), template).inputs.networkInterfaces).toMatchObject([{ ipv6AddressCount: 1 }]);
});

test("instances, disks and interfaces carry the tag by which deliveries find them", async () => {
  const { inputs } = only(await build(), template);
  expect(inputs.tagSpecifications).toEqual(
    ["instance", "volume", "network-interface"].map(resourceType => ({
      resourceType,
      tags: { Name: "sample-dev-bot", "palisade:service": "sample-dev-bot" },
    })),
  );
});

test.each([
  [1, 0],
  [2, 50],
  [3, 66],
])(
  "of %i machines, a lost one is replaced, and a new template replaces one at a time (%i %%)",
  async (replicas, least) => {
    const service = machineService({ scaling: { minReplicas: replicas, maxReplicas: replicas } });
    expect(only(await build({ service }), group).inputs).toMatchObject({
      minSize: replicas,
      maxSize: replicas,
      desiredCapacity: replicas,
      vpcZoneIdentifiers: ["subnet-a", "subnet-b"],
      maxInstanceLifetime: 30 * 86_400,
      instanceRefresh: {
        strategy: "Rolling",
        preferences: { minHealthyPercentage: least, maxHealthyPercentage: 100 },
      },
    });
  },
);

test("a local AWS starts none, so nobody waits", async () => {
  expect(only(await build(), group).inputs.waitForCapacityTimeout).toBe("10m");
  expect(only(await build({ waitForCapacity: false }), group).inputs.waitForCapacityTimeout).toBe("0");
});

test.each<[string, Partial<MachineGroupArgs>]>([
  ["`service` has no `machine`", { service: sampleService() }],
  [
    "`scaling` goes from 1 to 2",
    { service: { ...machineService(), scaling: { ...machineService().scaling, maxReplicas: 2 } } },
  ],
  [
    "`resources` come to 2000 millicores and 200000 MiB",
    { service: { ...machineService(), resources: { ...machineService().resources, memoryMiB: 200_000 } } },
  ],
])("refuses: %s", async (message, changes) => {
  await expect(build(changes)).rejects.toThrow(message);
});
