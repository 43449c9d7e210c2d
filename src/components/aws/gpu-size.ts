// AWS components: the GPU machines a burst runs on, and the smallest ones a task fits in (RT-6, CP-12). Pure.
import type { Service, Workload } from "../../workload/workload";
import { cpuUnits } from "./fargate-size";
import type { Unbuilt } from "./unbuilt";

export interface GpuSize {
  /** Instance types alike enough to take each other's place when one is not to be had on spot. */
  instanceTypes: readonly string[];
  /** Units of 1/1024 vCPU, all of which ECS offers. */
  cpu: number;
  /** Memory of the machine. */
  memoryMiB: number;
  gpus: number;
}

const families = ["g4dn", "g5", "g6"] as const;

/** By GPUs and then by size. A T4, an A10G and an L4 run the same CUDA images. */
export const gpuSizes: readonly GpuSize[] = [
  ...[
    { size: "xlarge", vcpus: 4 },
    { size: "2xlarge", vcpus: 8 },
    { size: "4xlarge", vcpus: 16 },
    { size: "8xlarge", vcpus: 32 },
    { size: "16xlarge", vcpus: 64 },
  ].map(({ size, vcpus }) => ({
    instanceTypes: families.map(family => `${family}.${size}`),
    cpu: vcpus * 1024,
    memoryMiB: vcpus * 4096,
    gpus: 1,
  })),
  { instanceTypes: families.map(family => `${family}.12xlarge`), cpu: 48 * 1024, memoryMiB: 192 * 1024, gpus: 4 },
  // The smaller of the two, as far as tasks may count on it: g4dn's largest with eight is bare metal and slow to start.
  { instanceTypes: ["g5.48xlarge", "g6.48xlarge"], cpu: 192 * 1024, memoryMiB: 768 * 1024, gpus: 8 },
];

/** What the kernel keeps of a machine's memory, and what the agent and the daemons are left, in MiB. */
const kernelShare = 0.05;
export const reservedMiB = 512;

/** Memory of a machine that ECS can place tasks on. */
export function placeableMiB({ memoryMiB }: GpuSize): number {
  return Math.floor(memoryMiB * (1 - kernelShare)) - reservedMiB;
}

/**
 * The smallest machine that holds one task.
 * @throws Error if there is none.
 */
export function gpuSize({ cpuMillicores, memoryMiB, gpus }: Service["resources"]): GpuSize {
  const size = findGpuSize({ cpuMillicores, memoryMiB, gpus });
  if (size) return size;
  throw new Error(
    `\`resources\` come to ${cpuMillicores} millicores, ${memoryMiB} MiB and ${gpus} GPUs; ` +
      `the largest GPU machine holds ${largest()}`,
  );
}

function findGpuSize({ cpuMillicores, memoryMiB, gpus }: Service["resources"]): GpuSize | undefined {
  return gpuSizes.find(s => s.gpus >= gpus && s.cpu >= cpuUnits(cpuMillicores) && placeableMiB(s) >= memoryMiB);
}

function largest(): string {
  return `${Math.max(...gpuSizes.map(placeableMiB))} MiB and ${Math.max(...gpuSizes.map(s => s.gpus))} GPUs`;
}

/** What a specification asks of a GPU service that it cannot be. `requireBuilt` asks before anything is registered. */
export function gpuFaults({ network, environment, resources, scaling }: Service): Unbuilt[] {
  const other = scaling.targets.find(target => target.metric !== "queue-wait");
  return [
    ...refuse(
      network.exposure !== "none",
      "network.exposure",
      `\`${network.exposure}\` with \`gpus\``,
      "`none`, with work from a queue",
    ),
    // Its tasks carry no proxy of the namespace.
    ...refuse(network.egress.length > 0, "network.egress", "hosts of a service with `gpus`", "none"),
    ...Object.entries(environment).flatMap(([variable, value]) =>
      refuse(
        typeof value === "object" && "endpointOf" in value,
        `environment.${variable}`,
        "`endpointOf` with `gpus`",
        "no call of another service; work comes from a queue",
      ),
    ),
    ...refuse(!!other, "scaling.targets", `\`${other?.metric}\` with \`gpus\``, "`queue-wait`"),
    // The ladder moves tasks between sizes of Fargate.
    ...refuse(!!scaling.backPressure, "scaling.backPressure", "one with `gpus`", "none"),
    ...refuse(!!resources.ceiling, "resources.ceiling", "one with `gpus`", "none"),
    ...refuse(
      !findGpuSize(resources),
      "resources",
      `${resources.cpuMillicores} millicores, ${resources.memoryMiB} MiB and ${resources.gpus} GPUs`,
      `what fits the largest GPU machine, ${largest()}`,
    ),
  ];
}

function refuse(wrong: boolean, path: string, found: string, allowed: string): Unbuilt[] {
  return wrong ? [{ path, found, allowed }] : [];
}

/** Volumes that a GPU service mounts, which its machines do not. */
export function gpuVolumeFaults({ services, state }: Pick<Workload, "services" | "state">): Unbuilt[] {
  return Object.entries(state.volumes).flatMap(([name, { mounts }]) =>
    mounts.flatMap(({ service }, i) =>
      refuse(
        (services[service]?.resources.gpus ?? 0) > 0,
        `state.volumes.${name}.mounts.${i}.service`,
        `\`${service}\`, which has \`gpus\``,
        "services without",
      ),
    ),
  );
}
