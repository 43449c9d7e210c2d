// AWS components: GPU machines that exist only while there is work, on spot, up to a cap (CP-12).
import * as autoscaling from "@pulumi/aws/autoscaling";
import * as ec2 from "@pulumi/aws/ec2";
import * as ecs from "@pulumi/aws/ecs";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { logicalName } from "./bounded-name";
import { type GpuSize, reservedMiB } from "./gpu-size";
import { policyJson } from "./statements";

export interface GpuCapacityArgs {
  size: GpuSize;
  /** Most machines at a time: the cap on what a burst can cost (CP-12). */
  maximum: number;
  /** On spot, which AWS takes away at two minutes' notice; otherwise on demand. */
  interruptible: boolean;
  /** GiB of the root disk: the system, images and what tasks write to their layers. */
  diskGiB?: number;
  /** KMS key of the disk (SA-7); its policy must admit EC2 Auto Scaling, as that of class `artifacts` does. */
  keyArn: pulumi.Input<string>;
  /** Private subnets (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Of the machines; it lets nobody in. */
  securityGroupId: pulumi.Input<string>;
  accountId: pulumi.Input<string>;
  region: string;
}

/** EC2 looks the newest one up whenever it starts a machine; they live for one burst, so none grows old. */
const machineImage = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id";

/** Seconds from the order to a machine that takes tasks: start, drivers, agent. */
export const warmUpSeconds = 300;

/**
 * A cluster of its own, so that these machines see and run the tasks of one service and no other, and the environment's
 * cluster need not know about them.
 */
export class GpuCapacity extends pulumi.ComponentResource {
  readonly clusterArn: pulumi.Output<string>;
  /** Name of the cluster, known once the machines are its capacity. */
  readonly clusterName: pulumi.Output<string>;
  readonly capacityProvider: pulumi.Output<string>;

  constructor(name: string, args: GpuCapacityArgs, options?: pulumi.ComponentResourceOptions) {
    if (!Number.isInteger(args.maximum) || args.maximum < 1)
      throw new Error(`\`maximum\` is ${args.maximum}; allowed are whole machines from 1`);
    super("palisade:aws:GpuCapacity", name, {}, options);
    const child = { parent: this };

    const cluster = new ecs.Cluster(
      name,
      {
        settings: [{ name: "containerInsights", value: "enhanced" }],
        configuration: { executeCommandConfiguration: { logging: "NONE" } },
      },
      child,
    );
    const template = new ec2.LaunchTemplate(name, this.machine(name, args, cluster.name), child);
    const group = new autoscaling.Group(
      name,
      {
        minSize: 0,
        maxSize: args.maximum,
        vpcZoneIdentifiers: pulumi.output(args.subnetIds),
        mixedInstancesPolicy: {
          launchTemplate: {
            launchTemplateSpecification: {
              launchTemplateId: template.id,
              version: template.latestVersion.apply(String),
            },
            overrides: args.size.instanceTypes.map(instanceType => ({ instanceType })),
          },
          instancesDistribution: {
            onDemandBaseCapacity: 0,
            onDemandPercentageAboveBaseCapacity: args.interruptible ? 0 : 100,
            spotAllocationStrategy: "capacity-optimized",
          },
        },
        // A machine that is about to be taken away is replaced before it goes, within the cap.
        capacityRebalance: args.interruptible,
        // ECS alone takes machines away, and none that works.
        protectFromScaleIn: true,
        forceDelete: true,
        tags: [
          { key: "Name", value: name, propagateAtLaunch: true },
          // ECS sets it on groups it manages; left out, every update would take it off.
          { key: "AmazonECSManaged", value: "", propagateAtLaunch: true },
        ],
      },
      // ECS owns the number of machines.
      { ...child, ignoreChanges: ["desiredCapacity"] },
    );
    const provider = new ecs.CapacityProvider(
      name,
      {
        autoScalingGroupProvider: {
          autoScalingGroupArn: group.arn,
          managedTerminationProtection: "ENABLED",
          managedDraining: "ENABLED",
          managedScaling: {
            status: "ENABLED",
            targetCapacity: 100,
            minimumScalingStepSize: 1,
            maximumScalingStepSize: args.maximum,
            instanceWarmupPeriod: warmUpSeconds,
          },
        },
      },
      child,
    );
    const providers = new ecs.ClusterCapacityProviders(
      name,
      {
        clusterName: cluster.name,
        capacityProviders: [provider.name],
        defaultCapacityProviderStrategies: [{ capacityProvider: provider.name, weight: 1 }],
      },
      child,
    );

    this.clusterArn = cluster.arn;
    this.clusterName = providers.clusterName;
    this.capacityProvider = pulumi.all([provider.name, providers.id]).apply(([of]) => of);
    this.registerOutputs({ clusterName: this.clusterName, capacityProvider: this.capacityProvider });
  }

  private machine(name: string, args: GpuCapacityArgs, clusterName: pulumi.Output<string>): ec2.LaunchTemplateArgs {
    const role = new iam.Role(
      logicalName(`${name}-host`, "role"),
      { description: `GPU machines of ${name}`, assumeRolePolicy: policyJson([trustEc2]) },
      { parent: this },
    );
    const policy = new iam.RolePolicy(
      `${name}-host`,
      { role: role.name, policy: policyJson(agentPermissions(clusterName, args)) },
      { parent: this },
    );
    const profile = new iam.InstanceProfile(`${name}-host`, { role: role.name }, { parent: this, dependsOn: [policy] });
    return {
      imageId: machineImage,
      // No key pair: there is no SSH, and no port it could be on (CP-6).
      iamInstanceProfile: { arn: profile.arn },
      vpcSecurityGroupIds: [args.securityGroupId],
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeSize: args.diskGiB ?? 100,
            volumeType: "gp3",
            encrypted: "true",
            kmsKeyId: args.keyArn,
            deleteOnTermination: "true",
          },
        },
      ],
      monitoring: { enabled: true },
      updateDefaultVersion: true,
      userData: clusterName.apply(cluster => Buffer.from(agentSettings(cluster)).toString("base64")),
    };
  }
}

const trustEc2: iam.PolicyStatement = {
  Effect: "Allow",
  Principal: { Service: "ec2.amazonaws.com" },
  Action: "sts:AssumeRole",
};

/** ECS agent: drains at a spot notice, keeps its own role from the tasks, and uses theirs for their logs. */
function agentSettings(cluster: string): string {
  return [
    "#!/bin/bash",
    "cat >> /etc/ecs/ecs.config <<'SETTINGS'",
    `ECS_CLUSTER=${cluster}`,
    "ECS_ENABLE_GPU_SUPPORT=true",
    "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
    "ECS_AWSVPC_BLOCK_IMDS=true",
    "ECS_DISABLE_PRIVILEGED=true",
    "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true",
    `ECS_RESERVED_MEMORY=${reservedMiB}`,
    "SETTINGS",
    "",
  ].join("\n");
}

/** What the ECS agent does, for this cluster; images, secrets and logs are the business of the tasks' own roles. */
function agentPermissions(
  clusterName: pulumi.Output<string>,
  { region, accountId }: Pick<GpuCapacityArgs, "region" | "accountId">,
): iam.PolicyStatement[] {
  const cluster = pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:cluster/${clusterName}`;
  const instances = pulumi.interpolate`arn:aws:ecs:${region}:${accountId}:container-instance/${clusterName}/*`;
  return [
    {
      Effect: "Allow",
      Action: ["ecs:RegisterContainerInstance", "ecs:DeregisterContainerInstance"],
      Resource: cluster,
    },
    {
      Effect: "Allow",
      Action: ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState", "ecs:PutSystemLogEvents"],
      Resource: instances,
    },
    {
      Effect: "Allow",
      Action: ["ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange", "ecs:SubmitAttachmentStateChanges"],
      Resource: cluster,
    },
    // The address of its endpoint; ECS knows no resource for it.
    { Effect: "Allow", Action: "ecs:DiscoverPollEndpoint", Resource: "*" },
  ];
}
