// AWS components: the EC2 instance types a machine may have, and the smallest one it fits in (CP-1).

export interface Ec2Size {
  instanceType: string;
  vcpus: number;
  memoryMiB: number;
}

/** Current x86-64 types on Nitro, by price. Burstable while they last, then for memory or for both. */
export const ec2Sizes: readonly Ec2Size[] = [
  { instanceType: "t3.micro", vcpus: 2, memoryMiB: 1024 },
  { instanceType: "t3.small", vcpus: 2, memoryMiB: 2048 },
  { instanceType: "t3.medium", vcpus: 2, memoryMiB: 4096 },
  { instanceType: "t3.large", vcpus: 2, memoryMiB: 8192 },
  { instanceType: "t3.xlarge", vcpus: 4, memoryMiB: 16_384 },
  { instanceType: "r6i.xlarge", vcpus: 4, memoryMiB: 32_768 },
  { instanceType: "t3.2xlarge", vcpus: 8, memoryMiB: 32_768 },
  { instanceType: "r6i.2xlarge", vcpus: 8, memoryMiB: 65_536 },
  { instanceType: "m6i.4xlarge", vcpus: 16, memoryMiB: 65_536 },
  { instanceType: "r6i.4xlarge", vcpus: 16, memoryMiB: 131_072 },
];

/**
 * The cheapest type that holds both: what a machine asks for is all of it, operating system included.
 * @throws Error above the largest type.
 */
export function ec2Size(cpuMillicores: number, memoryMiB: number): Ec2Size {
  const size = ec2Sizes.find(s => s.vcpus * 1000 >= cpuMillicores && s.memoryMiB >= memoryMiB);
  if (size) return size;
  const most = (of: "vcpus" | "memoryMiB") => Math.max(...ec2Sizes.map(s => s[of]));
  throw new Error(
    `\`resources\` come to ${cpuMillicores} millicores and ${memoryMiB} MiB; a machine has up to ` +
      `${most("vcpus") * 1000} millicores and ${most("memoryMiB")} MiB`,
  );
}
