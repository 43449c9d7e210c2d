// AWS components: the sizes Fargate sells, and the smallest one a task fits in (RT-6, IS-8).

/** CPU in units of 1/1024 vCPU, with the memory sold beside it in MiB. */
const sold = [
  { cpu: 256, from: 512, to: 1024, step: 512 },
  { cpu: 256, from: 2048, to: 2048, step: 1024 },
  { cpu: 512, from: 1024, to: 4096, step: 1024 },
  { cpu: 1024, from: 2048, to: 8192, step: 1024 },
  { cpu: 2048, from: 4096, to: 16_384, step: 1024 },
  { cpu: 4096, from: 8192, to: 30_720, step: 1024 },
  { cpu: 8192, from: 16_384, to: 61_440, step: 4096 },
  { cpu: 16_384, from: 32_768, to: 122_880, step: 8192 },
] as const;

export interface FargateSize {
  /** Units of 1/1024 vCPU. */
  cpu: number;
  memoryMiB: number;
}

/** Every pair on sale, by CPU and then by memory. */
export const fargateSizes: readonly FargateSize[] = sold.flatMap(({ cpu, from, to, step }) =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => ({ cpu, memoryMiB: from + i * step })),
);

/** CPU units that hold `millicores` thousandths of a core. */
export function cpuUnits(millicores: number): number {
  return Math.ceil((millicores * 1024) / 1000);
}

/** The most a task can hold. */
export const largestFargateSize = {
  cpuMillicores: (Math.max(...sold.map(row => row.cpu)) * 1000) / 1024,
  memoryMiB: Math.max(...sold.map(row => row.to)),
};

/** The smallest pair that holds both, if there is one. */
export function findFargateSize(cpuMillicores: number, memoryMiB: number): FargateSize | undefined {
  return fargateSizes.find(s => s.cpu >= cpuUnits(cpuMillicores) && s.memoryMiB >= memoryMiB);
}

/**
 * The smallest pair that holds both.
 * @throws Error above the largest pair.
 */
export function fargateSize(cpuMillicores: number, memoryMiB: number): FargateSize {
  const size = findFargateSize(cpuMillicores, memoryMiB);
  if (size) return size;
  throw new Error(
    `\`resources\` come to ${cpuMillicores} millicores and ${memoryMiB} MiB; Fargate sells up to ` +
      `${largestFargateSize.cpuMillicores} millicores and ${largestFargateSize.memoryMiB} MiB`,
  );
}
