// AWS components: an encrypted EFS file system. One directory per volume, each behind an access point of its own, reached by named services (SA-7, SA-9, IS-4).
import * as ec2 from "@pulumi/aws/ec2";
import * as efs from "@pulumi/aws/efs";
import * as pulumi from "@pulumi/pulumi";
import { type DirectoryClients, fileSystemPolicy } from "./file-system-policy";
import { raise } from "./metric-alarm";
import { ingressRule } from "./security-group-rule";
import { policyJson } from "./statements";

export interface SharedFileSystemArgs {
  vpcId: pulumi.Input<string>;
  /** Subnets of its mount targets, one per zone: tasks mount by the one of their own zone (SA-12). */
  subnetIds: readonly pulumi.Input<string>[];
  /** Encrypts the files (SA-7). EFS cannot change the key of a file system. */
  keyArn: pulumi.Input<string>;
  /** Directories, by name; everything in one belongs to its user and that user's group, whoever writes it (IS-3). */
  directories: Record<string, { ownerUser: number }>;
  /** GiB it is planned for. EFS grows beyond them; an alarm says so (IS-8). */
  storageGiB: number;
  /** Takes the alarm. */
  topicArn: pulumi.Input<string>;
  /** May be deleted, or replaced by an empty one, with all it holds: dev only (PF-6). */
  disposable: boolean;
}

const nfs = 2049;

/** @throws Error if there is no subnet or no directory, or `storageGiB` is none. */
export class SharedFileSystem extends pulumi.ComponentResource {
  /** Known once there is a mount target in each subnet: a task that mounts earlier fails. */
  readonly id: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Access point of each directory. */
  readonly accessPoints: Readonly<Record<string, { id: pulumi.Output<string>; arn: pulumi.Output<string> }>>;

  constructor(
    private readonly component: string,
    args: SharedFileSystemArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireArguments(args);
    super("palisade:aws:SharedFileSystem", component, {}, options);
    const child = { parent: this };

    const fileSystem = new efs.FileSystem(
      component,
      { encrypted: true, kmsKeyId: args.keyArn, throughputMode: "elastic", tags: { Name: component } },
      // AWS has no deletion protection for file systems; the engine's takes its place.
      { parent: this, protect: !args.disposable },
    );
    const fileSystemId = fileSystem.id;
    // Daily, kept for 35 days, in AWS Backup's automatic vault of the account (IS-7).
    new efs.BackupPolicy(component, { fileSystemId, backupPolicy: { status: "ENABLED" } }, child);
    // No rules but those of `allowFrom`; a file system starts no connections.
    const group = new ec2.SecurityGroup(
      component,
      { vpcId: args.vpcId, description: `File system ${component}` },
      child,
    );
    const targets = args.subnetIds.map(
      (subnetId, i) =>
        new efs.MountTarget(`${component}-${i + 1}`, { fileSystemId, subnetId, securityGroups: [group.id] }, child),
    );
    this.accessPoints = Object.fromEntries(
      Object.entries(args.directories).map(([name, { ownerUser }]) => {
        const point = new efs.AccessPoint(
          `${component}-${name}`,
          { fileSystemId, ...directory(name, ownerUser), tags: { Name: `${component}-${name}` } },
          child,
        );
        return [name, { id: point.id, arn: point.arn }];
      }),
    );
    raise(component, { size: sizeAlarm(fileSystemId, args.storageGiB) }, args.topicArn, this);

    this.id = pulumi.all([fileSystemId, pulumi.all(targets.map(target => target.id))]).apply(([id]) => id);
    this.arn = fileSystem.arn;
    this.securityGroupId = group.id;
    this.registerOutputs({ id: this.id, arn: this.arn, securityGroupId: this.securityGroupId });
  }

  /** Lets one client in, by its security group (SA-9). The client's own group must let it out. */
  allowFrom(clientName: string, securityGroupId: pulumi.Input<string>): void {
    ingressRule(
      `${this.component}-from-${clientName}`,
      { securityGroupId: this.securityGroupId, peerName: clientName, peer: { securityGroupId }, port: nfs },
      this,
    );
  }

  /**
   * Denies everything to everybody but the clients of each directory. Call it once, with all of them.
   * @throws Error if a directory is left out.
   */
  admitOnly(clients: Record<string, DirectoryClients>): void {
    const directories = Object.entries(this.accessPoints).map(([name, { arn }]) => {
      const own = clients[name];
      if (!own) throw new Error(`\`clients\` has none for directory \`${name}\``);
      return { name, accessPointArn: arn, clients: own };
    });
    new efs.FileSystemPolicy(
      this.component,
      { fileSystemId: this.id, policy: policyJson(fileSystemPolicy(this.arn, directories)) },
      { parent: this },
    );
  }
}

/** Whatever user a client runs as, here it is the owner; the directory is made when it is first mounted. */
function directory(name: string, ownerUser: number) {
  return {
    posixUser: { uid: ownerUser, gid: ownerUser },
    rootDirectory: {
      path: `/${name}`,
      creationInfo: { ownerUid: ownerUser, ownerGid: ownerUser, permissions: "0750" },
    },
  };
}

function sizeAlarm(fileSystemId: pulumi.Input<string>, storageGiB: number) {
  return {
    alarmDescription: `more than the ${storageGiB} GiB that the specification plans for are stored (IS-8)`,
    namespace: "AWS/EFS",
    metricName: "StorageBytes",
    dimensions: { FileSystemId: fileSystemId, StorageClass: "Total" },
    statistic: "Maximum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: storageGiB * 1024 ** 3,
    // EFS measures every quarter of an hour.
    period: 900,
    evaluationPeriods: 2,
    datapointsToAlarm: 2,
    // An empty file system reports nothing.
    treatMissingData: "notBreaching",
  } as const;
}

function requireArguments({ subnetIds, directories, storageGiB }: SharedFileSystemArgs): void {
  if (subnetIds.length === 0)
    throw new Error("`subnetIds` is empty; allowed is one subnet or more, each in its own zone");
  if (Object.keys(directories).length === 0) throw new Error("`directories` is empty; allowed is one or more");
  if (!(storageGiB > 0)) throw new Error(`\`storageGiB\` is ${storageGiB}; allowed are numbers above 0`);
}
