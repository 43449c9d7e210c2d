// Kubernetes components: the bounds of one container (RT-6, IS-8). Pure.
import { cores, mebibytes } from "./quantity";

export interface Bounds {
  /** Guaranteed CPU in thousandths of a core. */
  cpuMillicores: number;
  /** Guaranteed and maximum memory in MiB. */
  memoryMiB: number;
  /** CPU it never goes beyond, in thousandths of a core; without it, whatever the node has to spare. */
  cpuCeilingMillicores?: number;
  /** Accelerators; default 0. */
  gpus?: number;
  /** Disk of the node in MiB that it may fill, with what it logs and with volumes of no other kind; default 256. */
  diskMiB?: number;
}

/** The kubelet keeps at most 50 MiB of a container's log; all else is read-only, in memory or on a claim. */
const disk = { requestMiB: 64, limitMiB: 256 };

/** Resource name of accelerators, as NVIDIA's device plugin gives it. */
export const gpuResource = "nvidia.com/gpu";

/**
 * Memory is guaranteed and bounded alike: a node never has less than its pods may take. CPU is guaranteed, and bounded
 * only where a ceiling is asked for: a throttled process on an idle node helps nobody (SA-12).
 */
export function resources({
  cpuMillicores,
  memoryMiB,
  cpuCeilingMillicores,
  gpus = 0,
  diskMiB = disk.limitMiB,
}: Bounds) {
  const memory = mebibytes(memoryMiB);
  const accelerators = gpus > 0 && { [gpuResource]: String(gpus) };
  return {
    requests: {
      cpu: cores(cpuMillicores),
      memory,
      "ephemeral-storage": mebibytes(Math.min(disk.requestMiB, diskMiB)),
      ...accelerators,
    },
    limits: {
      ...(cpuCeilingMillicores !== undefined && { cpu: cores(cpuCeilingMillicores) }),
      memory,
      // A replica that fills the node's disk is evicted, and its neighbours are not (SP-9).
      "ephemeral-storage": mebibytes(diskMiB),
      ...accelerators,
    },
  };
}
