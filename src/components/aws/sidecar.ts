// AWS components: containers of the platform's own beside a service's process, and the file systems a task mounts. Plain data.
import type * as pulumi from "@pulumi/pulumi";

/** A container of the platform in a service's task, such as a log shipper. It is held to the same bounds as the process. */
export interface Sidecar {
  /** Its container is named `<service>-<name>`. */
  name: string;
  /** `repository@sha256:…` (RT-1). */
  image: pulumi.Input<string>;
  /** User id; never 0. */
  user: number;
  entryPoint?: string[];
  command?: string[];
  environment?: Record<string, pulumi.Input<string>>;
  /** ARNs of secrets or parameters by the variable each becomes (SA-8). */
  secretArns?: Record<string, pulumi.Input<string>>;
  /** What the task holds for it, besides the service's own resources. */
  resources: { cpuMillicores: number; memoryMiB: number };
  tmpfs?: { path: string; sizeMiB: number }[];
  mounts?: Mount[];
  /** Log router of the task: the process's output goes through it instead of to CloudWatch straight. At most one. */
  firelens?: { options: Record<string, string> };
  /** Options of the process's `awsfirelens` log driver; with `firelens` only. */
  processLogOptions?: Record<string, string>;
}

/** A file system of the task (IS-4). */
export interface TaskVolume {
  name: string;
  fileSystemId: pulumi.Input<string>;
  accessPointId: pulumi.Input<string>;
}

/** Where a container sees one of the task's volumes. */
export interface Mount {
  volume: string;
  path: string;
  readOnly: boolean;
}
