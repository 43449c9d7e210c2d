// AWS components: one service of a workload on GPU machines, there only while there is work (CP-12, ServiceCompute).
import * as ec2 from "@pulumi/aws/ec2";
import * as ecs from "@pulumi/aws/ecs";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import {
  type ContainerDefinition,
  type ContainerInputs,
  containerDefinitions,
  requireDigest,
} from "./container-definition";
import { cpuUnits } from "./fargate-size";
import type { FargateTaskArgs } from "./fargate-task";
import { GpuCapacity, type GpuCapacityArgs } from "./gpu-capacity";
import { gpuFaults, gpuSize } from "./gpu-size";
import { egressRule, type Peer } from "./security-group-rule";
import type { ServiceCompute } from "./service-compute";
import { taskResources } from "./task-size";

export interface GpuServiceArgs
  extends Omit<FargateTaskArgs, "reserved" | "architecture" | "ephemeralStorageGiB">,
    Pick<GpuCapacityArgs, "keyArn" | "subnetIds" | "accountId"> {
  vpcId: pulumi.Input<string>;
  /** Wait until the new tasks are healthy; default true. */
  waitForSteadyState?: boolean;
}

/** @throws Error naming what a GPU service cannot be; see `gpuFaults`. */
export class GpuService extends pulumi.ComponentResource implements ServiceCompute {
  readonly serviceName: pulumi.Output<string>;
  /** Name of its own cluster. */
  readonly clusterName: pulumi.Output<string>;
  /** Of the tasks and their machines, which run nothing else. */
  readonly securityGroupId: pulumi.Output<string>;
  /** Nobody calls it. */
  readonly edgePorts: number[] = [];

  constructor(
    private readonly component: string,
    private readonly args: GpuServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const [fault] = gpuFaults(args.service);
    if (fault)
      throw new Error(
        `\`service\` \`${args.serviceName}\`: \`${fault.path}\` is ${fault.found}; allowed is ${fault.allowed}`,
      );
    if ((args.volumes ?? []).length + (args.mounts ?? []).length > 0)
      throw new Error(`\`volumes\` and \`mounts\` are given; the GPU machines of \`${args.serviceName}\` mount none`);
    if (typeof args.image === "string") requireDigest(args.image);
    super("palisade:aws:GpuService", component, {}, options);
    const { service, subnetIds } = args;
    const held = heldResources(args);

    // No way in at all; ways out by `allowTo`.
    const group = new ec2.SecurityGroup(
      component,
      { vpcId: args.vpcId, description: `GPU tasks and machines of ${component}` },
      { parent: this },
    );
    const capacity = new GpuCapacity(
      component,
      {
        size: gpuSize(held),
        maximum: service.scaling.maxReplicas,
        interruptible: service.interruptible,
        keyArn: args.keyArn,
        subnetIds,
        securityGroupId: group.id,
        accountId: args.accountId,
        region: args.region,
      },
      { parent: this },
    );
    const task = new ecs.TaskDefinition(
      component,
      {
        family: component,
        containerDefinitions: containers(args),
        requiresCompatibilities: ["EC2"],
        networkMode: "awsvpc",
        cpu: String(cpuUnits(held.cpuMillicores)),
        memory: String(held.memoryMiB),
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
        executionRoleArn: args.executionRoleArn,
        taskRoleArn: args.taskRoleArn,
        // A rollback needs the revision it goes back to.
        skipDestroy: true,
      },
      { parent: this },
    );
    const ecsService = new ecs.Service(
      component,
      {
        cluster: capacity.clusterArn,
        taskDefinition: task.arn,
        desiredCount: service.scaling.minReplicas,
        capacityProviderStrategies: [{ capacityProvider: capacity.capacityProvider, weight: 1 }],
        networkConfiguration: { subnets: subnetIds, securityGroups: [group.id] },
        // A full machine cannot hold the new task beside the old: the old one goes first.
        deploymentMinimumHealthyPercent: 0,
        deploymentMaximumPercent: 100,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        waitForSteadyState: args.waitForSteadyState ?? true,
        enableExecuteCommand: false,
        enableEcsManagedTags: true,
        propagateTags: "SERVICE",
      },
      // The autoscaler owns the number of tasks.
      { parent: this, ignoreChanges: ["desiredCount"] },
    );

    this.serviceName = ecsService.name;
    this.clusterName = capacity.clusterName;
    this.securityGroupId = group.id;
    this.registerOutputs({ serviceName: this.serviceName, clusterName: this.clusterName });
  }

  /** @throws Error always: nobody may call a GPU service. */
  allowFrom(callerName: string): void {
    throw new Error(`nobody may call service \`${this.args.serviceName}\`, so neither may \`${callerName}\``);
  }

  /** Lets the tasks, and the machines they run on, reach a peer on a TCP port (SA-9). */
  allowTo(peerName: string, peer: Peer, port: number): void {
    egressRule(
      `${this.component}-to-${peerName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName, peer, port },
      this,
    );
  }
}

/** What EC2 can do and Fargate cannot: GPUs, no core dumps, no swap (SP-6). */
type GpuContainer = ContainerDefinition & {
  resourceRequirements?: { type: "GPU"; value: string }[];
  ulimits: { name: "core"; softLimit: 0; hardLimit: 0 }[];
};

/** The containers of one task; the GPUs belong to the process alone. */
function gpuContainers(service: Service, inputs: ContainerInputs): GpuContainer[] {
  return containerDefinitions(service, inputs).map(container => ({
    ...container,
    ...(container.name === inputs.name && {
      resourceRequirements: [{ type: "GPU", value: String(service.resources.gpus) }],
    }),
    linuxParameters: { ...container.linuxParameters, maxSwap: 0 },
    ulimits: [{ name: "core", softLimit: 0, hardLimit: 0 }],
  }));
}

/** What the process and the platform's containers beside it need together. */
function heldResources({ service: { resources }, sidecars = [] }: GpuServiceArgs): Service["resources"] {
  return { ...resources, ...taskResources([resources, ...sidecars.map(sidecar => sidecar.resources)]) };
}

function containers(args: GpuServiceArgs): pulumi.Output<string> {
  const { service, serviceName: name, region, healthCommand } = args;
  const { image, logGroupName, environment = {}, secretArns = {}, sidecars = [] } = args;
  return pulumi
    .output({ image, logGroupName, environment, secretArns, sidecars })
    .apply(inputs => JSON.stringify(gpuContainers(service, { name, region, healthCommand, ...inputs })));
}
