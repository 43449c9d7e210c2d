// Workload model: what runs. One service is one image with its ports, bounds and user.
import { z } from "zod";
import { containerPath, dnsLabel, envName, unprivilegedPort } from "./names";

export const port = z.strictObject({
  /** Name that its health check refers to, used once in the service (RT-2). */
  name: dnsLabel,
  /** Port the process listens on inside its container, 1024 or above: it has no privileges (IS-1, RT-27). */
  number: unprivilegedPort,
  /** `https`: the process itself ends TLS. Plain `http` is accepted only between processes of one task (SA-6). */
  protocol: z.enum(["https", "http", "tcp"]).default("https"),
});

export const resources = z.strictObject({
  /** Guaranteed CPU in thousandths of a core (RT-6). */
  cpuMillicores: z.int().min(50).max(16_000),
  /** Guaranteed and maximum memory in MiB; the process is killed above it (IS-8). */
  memoryMiB: z.int().min(64).max(122_880),
  /** Ceiling that the autoscaler may raise one replica to, where the home can resize a replica (RT-6). */
  ceiling: z.strictObject({ cpuMillicores: z.int().max(16_000), memoryMiB: z.int().max(122_880) }).optional(),
  /** Least memory that a stack may set for it; without it, any (IS-8). */
  floor: z.strictObject({ memoryMiB: z.int().min(64) }).optional(),
  /** Accelerators a replica needs; 0 unless given (CP-12). */
  gpus: z.int().min(0).max(8).default(0),
});

export const image = z.strictObject({
  /** Repository name, without registry host, tag or digest; the digest comes with the release (RT-1). */
  repository: z
    .string()
    .regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, "a repository path without host, tag or digest, such as `sanctum/backend`"),
  /** User id of the process; 0 is refused (RT-27, SP-11). */
  user: z.int().min(1).max(65_534).default(1000),
  /** Replaces the entry point of the image; its own unless given (SP-11). */
  command: z.array(z.string()).optional(),
  /** Arguments of the command; those of the image unless given (SP-11). */
  arguments: z.array(z.string()).optional(),
});

/** Scratch space in memory. The root file system is always read-only (RT-12, SP-6). */
export const tmpfs = z.strictObject({
  /** Where it is mounted, an absolute path in the container (RT-12). */
  path: containerPath,
  /** Size in MiB, which counts as memory of the replica (SP-6, IS-8). */
  sizeMiB: z.int().min(1).max(16_384),
});

/** A full virtual machine in place of a container, for workloads that need an operating system of their own (CP-1). */
export const machine = z.strictObject({
  /** Operating system of the machine (CP-1). */
  operatingSystem: z.enum(["ubuntu-22.04"]),
  /** Size of its encrypted root disk in GiB; 20 unless given (CP-1, SA-7). */
  rootDiskGiB: z.int().min(8).max(1024).default(20),
  /**
   * systemd units that a delivery restarts, in this order (CP-9). Each runs the image once and finds its own name in
   * `PALISADE_UNIT`; left out: one, named as the service.
   */
  units: z.array(z.string().regex(/^[\w@.-]+\.service$/)).default([]),
});

/** A literal value, or something only the home knows. */
const environmentValue = z.union([
  z.string(),
  z.strictObject({ from: z.enum(["environment", "region", "public-origin", "frontend-origin", "build-sha"]) }),
  z.strictObject({ endpointOf: dnsLabel }),
  z.strictObject({ database: z.enum(["postgres", "vectors"]), part: z.enum(["host", "port", "name", "user"]) }),
  z.strictObject({ bucket: dnsLabel }),
]);
export type EnvironmentValue = z.infer<typeof environmentValue>;

export const environment = z.record(envName, environmentValue);
