// AWS components: what one task of a service is made of: its containers, its size, its identities (SA-3, RT-1).
import * as ecs from "@pulumi/aws/ecs";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { containerDefinitions, requireDigest } from "./container-definition";
import { fargateSize } from "./fargate-size";
import type { Mount, Sidecar, TaskVolume } from "./sidecar";
import { taskResources } from "./task-size";

export interface FargateTaskArgs {
  /** Name in the workload's specification: that of the container, and of the service in its namespace. */
  serviceName: string;
  service: Service;
  /** `repository@sha256:…` (RT-1). */
  image: pulumi.Input<string>;
  region: string;
  executionRoleArn: pulumi.Input<string>;
  taskRoleArn: pulumi.Input<string>;
  /** Must exist before the tasks do; they may not make it. */
  logGroupName: pulumi.Input<string>;
  /** Variables of the process, resolved. */
  environment?: Record<string, pulumi.Input<string>>;
  /** ARNs of secrets by the variable each becomes (SA-8). */
  secretArns?: Record<string, pulumi.Input<string>>;
  /** File systems of the task, and where the process sees them (IS-3, IS-4). */
  volumes?: TaskVolume[];
  mounts?: Mount[];
  /** Containers of the platform in the same task; their resources come on top of the service's. */
  sidecars?: Sidecar[];
  /** What the image is built for; default `X86_64`. */
  architecture?: "X86_64" | "ARM64";
  /** GiB of scratch disk, 21 to 200; default the 20 of every task. */
  ephemeralStorageGiB?: number;
  /** Health probe for an image without a shell; default the platform's, which needs curl, wget or python3. */
  healthCommand?: string[];
  /** What the task holds besides the service's own resources, such as a proxy; default nothing. */
  reserved?: { cpuMillicores: number; memoryMiB: number };
}

/** @throws Error if Fargate cannot run the service. */
export class FargateTask extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: FargateTaskArgs, options?: pulumi.ComponentResourceOptions) {
    requireRunnable(args);
    super("palisade:aws:FargateTask", name, {}, options);
    const { resources } = args.service;
    const held = [resources, ...(args.reserved ? [args.reserved] : []), ...(args.sidecars ?? []).map(s => s.resources)];
    const { cpuMillicores, memoryMiB } = taskResources(held);
    const size = fargateSize(cpuMillicores, memoryMiB);

    this.arn = new ecs.TaskDefinition(
      name,
      {
        family: name,
        containerDefinitions: containers(args),
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: args.architecture ?? "X86_64" },
        cpu: String(size.cpu),
        memory: String(size.memoryMiB),
        ...(args.ephemeralStorageGiB && { ephemeralStorage: { sizeInGib: args.ephemeralStorageGiB } }),
        ...((args.volumes ?? []).length > 0 && { volumes: args.volumes?.map(efsVolume) }),
        executionRoleArn: args.executionRoleArn,
        taskRoleArn: args.taskRoleArn,
        // A rollback, by the circuit breaker or by hand, needs the revision it goes back to.
        skipDestroy: true,
      },
      { parent: this },
    ).arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** In transit under TLS, and as the task's own identity: the file system's policy asks for both (SA-6, SA-13). */
function efsVolume({ name, fileSystemId, accessPointId }: TaskVolume) {
  return {
    name,
    efsVolumeConfiguration: {
      fileSystemId,
      transitEncryption: "ENABLED",
      authorizationConfig: { accessPointId, iam: "ENABLED" },
    },
  };
}

function containers(args: FargateTaskArgs): pulumi.Output<string> {
  const { service, serviceName: name, region, healthCommand, mounts } = args;
  const { image, logGroupName, environment = {}, secretArns = {}, sidecars = [] } = args;
  return pulumi
    .output({ image, logGroupName, environment, secretArns, sidecars })
    .apply(inputs => JSON.stringify(containerDefinitions(service, { name, region, healthCommand, mounts, ...inputs })));
}

function requireRunnable(args: FargateTaskArgs): void {
  const { service, serviceName, image, ephemeralStorageGiB, volumes = [], mounts = [] } = args;
  const disks = Object.entries({ ephemeralStorageGiB, volumes: volumes[0], mounts: mounts[0] });
  for (const [argument, disk] of service.memoryOnly ? disks : [])
    if (disk) throw new Error(`\`${argument}\` is given, but service \`${serviceName}\` is memory-only (SP-6)`);
  if (service.machine) throw new Error(`service \`${serviceName}\` wants a \`machine\`; Fargate runs containers only`);
  if (service.resources.gpus > 0)
    throw new Error(`service \`${serviceName}\` wants ${service.resources.gpus} \`gpus\`; Fargate has none`);
  // An image that is known already is refused before anything is registered.
  if (typeof image === "string") requireDigest(image);
  if (ephemeralStorageGiB !== undefined && (ephemeralStorageGiB < 21 || ephemeralStorageGiB > 200))
    throw new Error(`\`ephemeralStorageGiB\` is ${ephemeralStorageGiB}; Fargate allows 21 to 200`);
}
