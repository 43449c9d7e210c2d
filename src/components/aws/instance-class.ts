// AWS components: what an RDS instance class holds, from its name.

export interface InstanceClass {
  vcpus: number;
  memoryMiB: number;
}

const burstable: Record<string, InstanceClass> = {
  micro: { vcpus: 2, memoryMiB: 1024 },
  small: { vcpus: 2, memoryMiB: 2048 },
  medium: { vcpus: 2, memoryMiB: 4096 },
  large: { vcpus: 2, memoryMiB: 8192 },
  xlarge: { vcpus: 4, memoryMiB: 16_384 },
  "2xlarge": { vcpus: 8, memoryMiB: 32_768 },
};

/** vCPUs of the general-purpose and memory-optimised families. */
const vcpus: Record<string, number> = {
  large: 2,
  xlarge: 4,
  "2xlarge": 8,
  "4xlarge": 16,
  "8xlarge": 32,
  "12xlarge": 48,
  "16xlarge": 64,
  "24xlarge": 96,
  "32xlarge": 128,
  "48xlarge": 192,
};

const memoryPerVcpuMiB: Record<string, number> = { m: 4096, r: 8192 };

/**
 * @param name such as `db.m7g.large`.
 * @throws Error for a family or size that is not in the tables.
 */
export function instanceClass(name: string): InstanceClass {
  const [, family = "", size = ""] = /^db\.([tmr])\d[a-z]*\.(\w+)$/.exec(name) ?? [];
  const small = family === "t" ? burstable[size] : undefined;
  if (small) return small;
  const cores = vcpus[size];
  const ratio = memoryPerVcpuMiB[family];
  if (cores && ratio) return { vcpus: cores, memoryMiB: cores * ratio };
  throw new Error(
    `\`instanceClass\` is \`${name}\`; known are \`db.t…\` from micro to 2xlarge and \`db.m…\`, \`db.r…\` from large to 48xlarge`,
  );
}

/** RDS's own default for `max_connections` of PostgreSQL. */
export function maximumConnections({ memoryMiB }: InstanceClass): number {
  return Math.min(Math.floor((memoryMiB * 1024 * 1024) / 9_531_392), 5000);
}
