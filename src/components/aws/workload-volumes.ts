// AWS components: the volumes of a workload, as directories of a file system per data class, and of another for what no service writes (IS-3, IS-4, IS-9, SA-7).
import * as pulumi from "@pulumi/pulumi";
import type { DataClass } from "../../workload/names";
import type { Workload } from "../../workload/workload";
import { directoryUse } from "./file-system-policy";
import type { SaasFoundation } from "./saas-foundation";
import type { ServiceCompute } from "./service-compute";
import type { ServiceContributor, ServiceParts } from "./service-parts";
import { SharedFileSystem } from "./shared-file-system";

type Volume = Workload["state"]["volumes"][string];

/** Somebody outside the workload who fills a volume, such as one that no service writes (IS-9). */
export interface VolumeLoader {
  roleArn: pulumi.Input<string>;
  /** Group it connects from; its own way out to port 2049 is its own business. */
  securityGroupId: pulumi.Input<string>;
}

export interface WorkloadVolumesArgs {
  /** Volumes by name, with who mounts each. */
  volumes: Record<string, Volume>;
  foundation: Pick<SaasFoundation, "network" | "keys" | "alarmTopic">;
  /** By volume; default nobody. */
  loaders?: Record<string, VolumeLoader>;
  /** May be thrown away with all they hold: dev only. */
  disposable: boolean;
}

/** @throws Error if a replica is to have a volume of its own, or `loaders` names no volume. */
export class WorkloadVolumes extends pulumi.ComponentResource implements ServiceContributor {
  /** By the group of volumes each holds. */
  private readonly fileSystems = new Map<string, SharedFileSystem>();
  /** Roles of the services that mount something, as they become known. */
  private readonly roles = new Map<string, pulumi.Output<string>>();

  constructor(
    component: string,
    private readonly args: WorkloadVolumesArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireShared(args.volumes);
    requireKnown(args);
    super("palisade:aws:WorkloadVolumes", component, {}, options);
    const { network, keys, alarmTopic } = args.foundation;
    for (const { group, dataClass, volumes } of grouped(args.volumes))
      this.fileSystems.set(
        group,
        new SharedFileSystem(
          `${component}-${group}`,
          {
            vpcId: network.vpcId,
            // No route leads out of them; tasks come from the private subnets beside them.
            subnetIds: network.dataSubnetIds,
            keyArn: keys.arnOf(dataClass),
            directories: Object.fromEntries(volumes),
            storageGiB: volumes.reduce((sum, [, { sizeGiB }]) => sum + sizeGiB, 0),
            topicArn: alarmTopic.arn,
            disposable: args.disposable,
          },
          { parent: this },
        ),
      );
    this.registerOutputs({});
  }

  partsFor(serviceName: string): ServiceParts {
    const own = Object.entries(this.args.volumes).filter(([, volume]) => mountsOf(volume, serviceName).length > 0);
    if (own.length === 0) return {};
    const at = own.map(([name, volume]) => ({ name, volume, ...this.find(name, volume) }));
    return {
      statements: at.map(({ volume, fileSystem, accessPoint }) =>
        directoryUse(fileSystem.arn, accessPoint.arn, writes(volume, serviceName)),
      ),
      volumes: at.map(({ name, fileSystem, accessPoint }) => ({
        name,
        fileSystemId: fileSystem.id,
        accessPointId: accessPoint.id,
      })),
      mounts: own.flatMap(([name, volume]) =>
        mountsOf(volume, serviceName).map(({ path, readOnly }) => ({ volume: name, path, readOnly })),
      ),
      peers: [...new Set(own.map(([, volume]) => groupOf(volume)))].map(group => ({
        name: `volumes-${group}`,
        peer: { securityGroupId: this.fileSystem(group).securityGroupId },
        port: 2049,
      })),
      onRole: [roleArn => this.roles.set(serviceName, roleArn)],
    };
  }

  /**
   * Opens each file system to the services that mount it, and closes it to everybody else. Call it once, when all
   * services are there.
   * @throws Error if a mounting service is not.
   */
  admit(services: Readonly<Record<string, Pick<ServiceCompute, "securityGroupId">>>): void {
    const { loaders = {} } = this.args;
    for (const { group, volumes } of grouped(this.args.volumes)) {
      const fileSystem = this.fileSystem(group);
      // Services may share a group, as those whose nodes mount for them do.
      const groups = new Map<pulumi.Output<string>, string>();
      for (const name of new Set(volumes.flatMap(([, { mounts }]) => mounts.map(mount => mount.service)))) {
        const { securityGroupId } = required(name, services[name]);
        if (!groups.has(securityGroupId)) groups.set(securityGroupId, name);
      }
      for (const [securityGroupId, name] of groups) fileSystem.allowFrom(name, securityGroupId);
      for (const [name] of volumes) {
        const loader = loaders[name];
        if (loader) fileSystem.allowFrom(`loader-of-${name}`, loader.securityGroupId);
      }
      fileSystem.admitOnly(
        Object.fromEntries(
          volumes.map(([name, volume]) => {
            const mounting = [...new Set(volume.mounts.map(mount => mount.service))];
            const loading = loaders[name] ? [loaders[name].roleArn] : [];
            return [
              name,
              {
                mounting: [...mounting.map(service => this.role(service)), ...loading],
                writing: [...mounting.filter(service => writes(volume, service)).map(s => this.role(s)), ...loading],
              },
            ];
          }),
        ),
      );
    }
  }

  private role(serviceName: string): pulumi.Output<string> {
    return required(serviceName, this.roles.get(serviceName));
  }

  private fileSystem(group: string): SharedFileSystem {
    const found = this.fileSystems.get(group);
    if (!found) throw new Error(`there is no file system \`${group}\``);
    return found;
  }

  private find(name: string, volume: Volume) {
    const fileSystem = this.fileSystem(groupOf(volume));
    const accessPoint = fileSystem.accessPoints[name];
    if (!accessPoint) throw new Error(`volume \`${name}\` has no access point`);
    return { fileSystem, accessPoint };
  }
}

function mountsOf({ mounts }: Volume, serviceName: string): Volume["mounts"] {
  return mounts.filter(mount => mount.service === serviceName);
}

/** A service whose mounts of a volume are all read-only does not write to it (IS-9). */
function writes(volume: Volume, serviceName: string): boolean {
  return mountsOf(volume, serviceName).some(({ readOnly }) => !readOnly);
}

/**
 * Volumes that share a file system. One that no service writes is apart from those that are written: whoever has two
 * access points of one file system can carry a file handle from one to the other, and EFS takes it (IS-9).
 */
function groupOf({ dataClass, mounts }: Volume): string {
  return mounts.some(({ readOnly }) => !readOnly) ? dataClass : `${dataClass}-vaults`;
}

function grouped(volumes: Record<string, Volume>) {
  const groups = new Map<string, { group: string; dataClass: DataClass; volumes: [string, Volume][] }>();
  for (const [name, volume] of Object.entries(volumes)) {
    const group = groupOf(volume);
    const { dataClass } = volume;
    groups.set(group, { group, dataClass, volumes: [...(groups.get(group)?.volumes ?? []), [name, volume]] });
  }
  return [...groups.values()];
}

function required<T>(serviceName: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`service \`${serviceName}\` mounts a volume, and is not there`);
  return value;
}

/** What Fargate gives a task of its own is deleted with the task, EBS volumes of a service included. */
function requireShared(volumes: Record<string, Volume>): void {
  for (const [name, { sharing }] of Object.entries(volumes))
    if (sharing !== "replicas")
      throw new Error(`\`volumes.${name}.sharing\` is \`${sharing}\`; ECS keeps only what \`replicas\` share`);
}

function requireKnown({ volumes, loaders = {} }: WorkloadVolumesArgs): void {
  for (const name of Object.keys(loaders))
    if (!Object.hasOwn(volumes, name))
      throw new Error(`\`loaders\` has \`${name}\`; allowed are volumes: ${Object.keys(volumes).join(", ") || "none"}`);
}
