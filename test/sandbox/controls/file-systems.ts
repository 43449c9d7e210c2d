// Sandbox tests: controls over shared file systems: encrypted, reached by their clients alone, the vaults written by nobody (IS-3, IS-4, IS-7, IS-9).
import { type AwsApi, find, texts } from "../aws-api";
import { type Control, control, customerKey, denies, first, same } from "./control";
import { type Task, tasks } from "./tasks";

interface FileSystem {
  FileSystemId: string;
  Name?: string;
  Encrypted: boolean;
  KmsKeyId?: string;
  policy?: string;
  backups?: string;
  /** Tags `Name` of the subnets that it is mounted from. */
  subnets: string[];
  accessPoints: AccessPoint[];
}

interface AccessPoint {
  AccessPointArn: string;
  AccessPointId: string;
  FileSystemId: string;
  Name: string;
  PosixUser?: { Uid: number; Gid: number };
  RootDirectory: { Path: string; CreationInfo?: { OwnerUid: number; OwnerGid: number; Permissions: string } };
}

const efs = <T>(api: AwsApi, path: string) => api.restJson<T>("elasticfilesystem", `/2015-02-01/${path}`);

/** Nothing, where EFS has none: that is for a control to judge. */
async function ifAny<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (/PolicyNotFound/.test(String(error))) return undefined;
    throw error;
  });
}

async function accessPoints(api: AwsApi): Promise<[string, AccessPoint][]> {
  const { AccessPoints } = await efs<{ AccessPoints: AccessPoint[] }>(api, "access-points");
  return AccessPoints.map(point => [point.Name, point]);
}

async function fileSystems(api: AwsApi): Promise<[string, FileSystem][]> {
  const { FileSystems } = await efs<{ FileSystems: FileSystem[] }>(api, "file-systems?MaxItems=100");
  const points = (await accessPoints(api)).map(([, point]) => point);
  const subnets = find(await api.query("ec2", "DescribeSubnets"), "subnetSet/item");
  const names = new Map(
    subnets.map(node => {
      const tag = find(node, "tagSet/item").find(tag => first(tag)("key") === "Name");
      return [texts(node, "subnetId")[0], tag && first(tag)("value")];
    }),
  );
  return Promise.all(
    FileSystems.map(async (system): Promise<[string, FileSystem]> => {
      const { FileSystemId } = system;
      const policy = await ifAny(efs<{ Policy: string }>(api, `file-systems/${FileSystemId}/policy`));
      const backups = await ifAny(
        efs<{ BackupPolicy: { Status: string } }>(api, `file-systems/${FileSystemId}/backup-policy`),
      );
      const { MountTargets } = await efs<{ MountTargets: { SubnetId: string }[] }>(
        api,
        `mount-targets?FileSystemId=${FileSystemId}&MaxItems=100`,
      );
      return [
        system.Name ?? FileSystemId,
        {
          ...system,
          policy: policy?.Policy,
          backups: backups?.BackupPolicy.Status,
          subnets: MountTargets.map(({ SubnetId }) => names.get(SubnetId) ?? SubnetId),
          accessPoints: points.filter(point => point.FileSystemId === FileSystemId),
        },
      ];
    }),
  );
}

const point = "elasticfilesystem:AccessPointArn";

/** The vaults, by the one directory in them. */
async function vaults(api: AwsApi): Promise<[string, FileSystem][]> {
  return (await fileSystems(api)).filter(([, { accessPoints }]) =>
    accessPoints.some(({ RootDirectory }) => RootDirectory.Path === "/memory-matrix"),
  );
}

/** Each volume of a task that lies on EFS. */
async function volumes(api: AwsApi): Promise<[string, NonNullable<Task["volumes"]>[number]][]> {
  return (await tasks(api)).flatMap(([family, { volumes = [] }]) =>
    volumes.map((volume): [string, typeof volume] => [`${family}/${volume.name}`, volume]),
  );
}

async function mounts(api: AwsApi): Promise<[string, string[]][]> {
  return (await tasks(api))
    .filter(([, { volumes = [] }]) => volumes.length > 0)
    .flatMap(([family, { containerDefinitions }]) =>
      containerDefinitions.map(({ name, mountPoints = [] }): [string, string[]] => [
        `${family}/${name}`,
        mountPoints.map(({ containerPath, readOnly }) => `${containerPath} ${readOnly ? "read-only" : "writable"}`),
      ]),
    );
}

/** Directories of each container, and whether it may write there. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  "iss-dev-api/api": ["/app/forensic_logs writable", "/app/spice_layer writable", "/app/memory_matrix read-only"],
  "iss-dev-log-shipper/log-shipper": [
    "/followed/forensic-logs read-only",
    "/followed/spice-layer read-only",
    "/positions writable",
  ],
};

export const fileSystemControls: readonly Control[] = [
  control("IS-3", "file systems are encrypted with a key of the customer's, and lie with the data", fileSystems, {
    "is encrypted": ({ Encrypted, KmsKeyId }) => Encrypted && customerKey(KmsKeyId),
    "is mounted from a data subnet of each zone": ({ subnets }) =>
      subnets.length === 2 && new Set(subnets).size === 2 && subnets.every(name => name.includes("-data-")),
  }),
  control("IS-3", "each directory belongs to uid 1000, whoever writes it", accessPoints, {
    "acts as it": ({ PosixUser }) => PosixUser?.Uid === 1000 && PosixUser.Gid === 1000,
    "is made as its own": ({ RootDirectory: { Path, CreationInfo } }) =>
      Path !== "/" && CreationInfo?.OwnerUid === 1000 && CreationInfo.Permissions === "0750",
  }),
  control("IS-9", "file systems admit nobody but over TLS and through their access points", fileSystems, {
    "refuses plain transport": ({ policy }) =>
      ["Mount", "Write", "RootAccess"].every(action =>
        denies(policy, `elasticfilesystem:Client${action}`, { Bool: { "aws:SecureTransport": "false" } }),
      ),
    "refuses root": ({ policy }) => denies(policy, "elasticfilesystem:ClientRootAccess"),
    "refuses whoever comes by no access point of its own": ({ policy, accessPoints }) =>
      accessPoints.length > 0 &&
      ["Mount", "Write"].every(action =>
        denies(policy, `elasticfilesystem:Client${action}`, {
          StringNotEquals: { [point]: accessPoints.map(({ AccessPointArn }) => AccessPointArn) },
        }),
      ),
  }),
  control("IS-9", "nobody can write to the vaults", vaults, {
    "refuses writes to everybody": ({ policy, accessPoints }) =>
      accessPoints.every(({ AccessPointArn }) =>
        denies(policy, "elasticfilesystem:ClientWrite", { StringEquals: { [point]: AccessPointArn } }),
      ),
  }),
  control("IS-4", "tasks mount over TLS, by their own identity and by an access point", volumes, {
    "mounts so": ({ efsVolumeConfiguration: efs }) =>
      efs?.transitEncryption === "ENABLED" &&
      efs.authorizationConfig?.iam === "ENABLED" &&
      efs.authorizationConfig.accessPointId?.startsWith("fsap-") === true,
  }),
  control(
    "IS-9",
    "containers mount what they must, the vaults read-only",
    async api =>
      (await mounts(api)).map(([name, own]): [string, { name: string; own: string[] }] => [name, { name, own }]),
    { "mounts that": ({ name, own }) => same(own, wanted[name] ?? []) },
  ),
  control("IS-7", "file systems are backed up", fileSystems, { "has backups": ({ backups }) => backups === "ENABLED" }),
];
