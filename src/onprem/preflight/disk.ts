// Preflight: whether the nodes' disks have room for the images, by what each kubelet says of its image filesystem (PF-3).
import { ApiError } from "../../kubernetes/errors";
import { numberAt } from "../../kubernetes/json";
import type { Cluster } from "../../kubernetes/objects";
import { type Finding, failed, ok, warning } from "./finding";
import type { PreflightInputs } from "./inputs";
import type { Node } from "./nodes";
import { bytesText } from "./quantity";

/** Layers lie in the registry packed, and on a node packed and unpacked; text packs to a third, programs to less than half. */
const unpackedFactor = 3;
/** Share of its disk from which on a kubelet removes images, those just brought among them, where it says nothing else. */
const usualThreshold = 85;

export interface ImageFilesystem {
  /** Bytes. */
  available: number;
  capacity: number;
  /** Percent in use from which on the kubelet removes images (100: never); what kubelets do unless told, where it is not known. */
  threshold?: number;
}

/** By node; undefined where the kubelet may not be asked. */
export async function imageFilesystems(
  { api }: Cluster,
  nodes: readonly Node[],
): Promise<Map<string, ImageFilesystem> | undefined> {
  const found = new Map<string, ImageFilesystem>();
  for (const { name } of nodes) {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/stats/summary`;
    try {
      const summary = await api.send({ method: "GET", path });
      const of = (field: string) =>
        numberAt(summary, "node", "runtime", "imageFs", field) ?? numberAt(summary, "node", "fs", field);
      const available = of("availableBytes");
      const capacity = of("capacityBytes");
      if (available !== undefined && capacity !== undefined)
        found.set(name, { available, capacity, threshold: await thresholdOf(api, name) });
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return undefined;
      // A kubelet that does not answer tells nothing; the others may.
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return found;
}

/** As the kubelet's own configuration has it; undefined where it is not told. */
async function thresholdOf(api: Cluster["api"], name: string): Promise<number | undefined> {
  try {
    const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/configz`;
    const found = numberAt(await api.send({ method: "GET", path }), "kubeletconfig", "imageGCHighThresholdPercent");
    return found !== undefined && found > 0 && found <= 100 ? found : undefined;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

const roomOf = ({ available, capacity, threshold = usualThreshold }: ImageFilesystem): number =>
  available - (1 - threshold / 100) * capacity;

/**
 * Pure. A node without room for the largest image can hardly take part; one without room for all may yet do.
 */
export function judgeDisk(
  { size, largest = size }: PreflightInputs["images"],
  nodes: readonly Node[] | undefined,
  filesystems: ReadonlyMap<string, ImageFilesystem> | undefined,
): Finding[] {
  const id = "image-disk";
  const need = size * unpackedFactor;
  const least = largest * unpackedFactor;
  const needed = `${bytesText(need)} for images on a node that gets them all (${bytesText(size)} packed)`;
  const look = "An administrator looks: kubectl get --raw /api/v1/nodes/NODE/proxy/stats/summary";
  if (!nodes) return [warning(id, "this account may not see the nodes", needed, look)];
  const open = nodes.filter(({ isOpen }) => isOpen);
  const pressed = open.filter(({ troubles }) => troubles.includes("DiskPressure"));
  const findings: Finding[] = pressed.map(({ name }) =>
    failed(
      id,
      `node ${name} has no disk left (DiskPressure)`,
      needed,
      `Make room there. See: kubectl describe node ${name}`,
    ),
  );
  const known = open.flatMap(({ name }) => {
    const filesystem = filesystems?.get(name);
    return filesystem ? [{ name, room: roomOf(filesystem) }] : [];
  });
  for (const { name, room } of known.filter(each => each.room < need))
    findings.push(
      (room < least ? failed : warning)(
        id,
        `node ${name} has ${bytesText(Math.max(0, room))} for images before its kubelet removes some`,
        needed,
        `Make room there, such as on the node: crictl rmi --prune`,
      ),
    );
  const unknown = open.filter(({ name }) => !known.some(each => each.name === name));
  for (const { name, allocatable } of unknown)
    findings.push(
      allocatable.ephemeral > 0 && allocatable.ephemeral < least
        ? failed(
            id,
            `the disk of node ${name} gives ${bytesText(allocatable.ephemeral)} to pods in all`,
            needed,
            "Give the node a larger disk.",
          )
        : warning(id, `how much of its disk node ${name} has left is not to be seen`, needed, look),
    );
  if (findings.length > 0) return findings;
  const fullest = Math.min(...known.map(({ room }) => room));
  return [ok(id, `${bytesText(fullest)} on the fullest of ${known.length} nodes`, needed)];
}
