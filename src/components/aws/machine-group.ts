// AWS components: the machines of one service: a launch template and a group that replaces whichever is lost (CP-1, CP-6).
import * as autoscaling from "@pulumi/aws/autoscaling";
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { ec2Size } from "./ec2-size";
import { machineBases } from "./machine-base";

export interface MachineGroupArgs {
  service: Service;
  /** Private subnets (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  securityGroupId: pulumi.Input<string>;
  instanceProfileArn: pulumi.Input<string>;
  /** Cloud-config; no secret in it (PF-7). */
  userData: pulumi.Input<string>;
  /** KMS key of the root disk (SA-7); its policy must admit EC2 Auto Scaling, see `autoscalingDisks`. */
  diskKeyArn: pulumi.Input<string>;
  /** An IPv6 address besides the IPv4 one; the subnets must have such a block (CP-7). */
  ipv6: boolean;
  /** Value of the tag `palisade:service`, by which deliveries and sessions find the machines. */
  serviceTag: string;
  /** Wait until the machines are in service; false where none ever starts. */
  waitForCapacity: boolean;
}

/** Days after which a machine gives way to a fresh one, from the newest image of its operating system. */
const lifetimeDays = 30;

/** @throws Error unless the service has a machine of a size EC2 has, and a fixed number of replicas. */
export class MachineGroup extends pulumi.ComponentResource {
  readonly groupName: pulumi.Output<string>;

  constructor(name: string, args: MachineGroupArgs, options?: pulumi.ComponentResourceOptions) {
    const { resources, scaling } = args.service;
    const machine = requireMachine(args.service);
    const { instanceType } = ec2Size(resources.cpuMillicores, resources.memoryMiB);
    super("palisade:aws:MachineGroup", name, {}, options);

    const tags = { Name: name, "palisade:service": args.serviceTag };
    const template = new ec2.LaunchTemplate(
      name,
      {
        description: `Machines of ${name}`,
        imageId: machineBases[machine.operatingSystem].imageId,
        instanceType,
        userData: pulumi.output(args.userData).apply(text => Buffer.from(text).toString("base64")),
        iamInstanceProfile: { arn: args.instanceProfileArn },
        // One hop: a container, which is one further away, cannot take the machine's identity (SA-13).
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "disabled",
        },
        networkInterfaces: [
          {
            deviceIndex: 0,
            associatePublicIpAddress: "false",
            securityGroups: [args.securityGroupId],
            deleteOnTermination: "true",
            ...(args.ipv6 && { ipv6AddressCount: 1 }),
          },
        ],
        blockDeviceMappings: [
          {
            deviceName: "/dev/sda1",
            ebs: {
              volumeType: "gp3",
              volumeSize: machine.rootDiskGiB,
              encrypted: "true",
              kmsKeyId: args.diskKeyArn,
              deleteOnTermination: "true",
            },
          },
        ],
        monitoring: { enabled: true },
        tagSpecifications: ["instance", "volume", "network-interface"].map(resourceType => ({ resourceType, tags })),
        updateDefaultVersion: true,
      },
      { parent: this },
    );
    const group = new autoscaling.Group(
      name,
      {
        minSize: scaling.minReplicas,
        maxSize: scaling.minReplicas,
        desiredCapacity: scaling.minReplicas,
        vpcZoneIdentifiers: args.subnetIds,
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        healthCheckType: "EC2",
        healthCheckGracePeriod: 300,
        maxInstanceLifetime: lifetimeDays * 86_400,
        instanceRefresh: { strategy: "Rolling", preferences: refresh(scaling.minReplicas) },
        enabledMetrics: ["GroupInServiceInstances"],
        metricsGranularity: "1Minute",
        waitForCapacityTimeout: args.waitForCapacity ? "10m" : "0",
        tags: [{ key: "Name", value: name, propagateAtLaunch: false }],
      },
      { parent: this },
    );
    this.groupName = group.name;
    this.registerOutputs({ groupName: this.groupName });
  }
}

/** One machine at a time, and the old one first: two that do one machine's work would get in each other's way. */
function refresh(replicas: number) {
  const minHealthyPercentage = Math.floor((100 * (replicas - 1)) / Math.max(replicas, 1));
  return { minHealthyPercentage: Math.max(minHealthyPercentage, 0), maxHealthyPercentage: 100 };
}

function requireMachine({ machine, scaling }: Service): NonNullable<Service["machine"]> {
  if (!machine) throw new Error("`service` has no `machine`; allowed is one that has");
  if (scaling.minReplicas !== scaling.maxReplicas)
    throw new Error(
      `\`scaling\` goes from ${scaling.minReplicas} to ${scaling.maxReplicas}; machines do not scale, both are the same`,
    );
  return machine;
}
