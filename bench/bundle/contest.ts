// Benchmarks: what the cases of `bench:bundle` share: contests in turn, images in a registry, and figures out of samples.
import { loadavg } from "node:os";
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { during } from "../../toolchain/progress";
import { median } from "../statistics";
import type { BenchImage } from "./images";
import { inMB } from "./proc";
import { observe, type Sample } from "./process";
import type { BundleRoom } from "./room";
import type { Task } from "./task";

/** Target of our memory: MB, as it is said. */
export const PEAK_MB = 150;

/** What all cases work with. */
export interface Bench {
  room: BundleRoom;
  size: number;
  rounds: number;
  /** Whether Zarf takes part. */
  zarf: boolean;
  layout: string;
  images: BenchImage[];
  /** Where ours are made; nothing else lies there. */
  out: string;
}

/** The task of making a bundle. */
export const creating = ({ room, images, out }: Bench, name: string) => ({
  task: "create" as const,
  registry: room.registry.address,
  images: images.map(({ repository, manifest }) => ({ repository, digest: manifest.digest })),
  key: room.key,
  out: join(out, name),
  version: "1.0.0",
});

/** Makes images and brings them to the vendor's registry. */
export async function publish(
  room: BundleRoom,
  layout: string,
  make: () => Promise<BenchImage[]>,
): Promise<BenchImage[]> {
  const images = await make();
  await observe(room.copies(layout, images, room.registry.address));
  await requireImages(images, room.registry.address);
  return images;
}

/** Whoever was quick because it left something out would be no peer. */
async function requireImages(images: readonly BenchImage[], address: string): Promise<void> {
  for (const { repository, manifest, blobs } of images)
    for (const { digest, size } of blobs) {
      const kind = digest === manifest.digest ? "manifests" : "blobs";
      const headers = { accept: manifest.mediaType };
      const answer = await fetch(`http://${address}/v2/${repository}/${kind}/${digest}`, { method: "HEAD", headers });
      if (answer.status !== 200 || Number(answer.headers.get("content-length")) !== size)
        throw new Failure(
          `${address} lacks ${repository}@${digest}, which was pushed: it answered ${answer.status}`,
          "",
        );
    }
}

/** What the work takes with a registry of its own, which is empty before it and has every image after it. */
export async function intoEmptyRegistry(
  { room, images }: Bench,
  work: (address: string) => Promise<Sample>,
): Promise<Sample> {
  const registry = await room.emptyRegistry("customer");
  try {
    const sample = await work(registry.address);
    await requireImages(images, registry.address);
    return sample;
  } finally {
    await registry.stop();
  }
}

/** The time of the work alone: a phase of a command, which has started long before. */
export async function inside(room: BundleRoom, task: Task): Promise<Sample> {
  const { sample, report } = await room.task(task);
  return { ...sample, seconds: report.seconds, cpuSeconds: report.cpuSeconds };
}

/** Measures contestants in turn, in the other direction every other round: what slows the machine down slows all. */
export async function inTurn(
  { room, rounds }: Bench,
  contest: string,
  contestants: Record<string, () => Promise<Sample>>,
): Promise<Record<string, Sample[]>> {
  const names = Object.keys(contestants);
  const raw: Record<string, Sample[]> = Object.fromEntries(names.map(name => [name, []]));
  for (let round = 1; round <= rounds; round++)
    for (const name of round % 2 === 1 ? names : [...names].reverse()) {
      await room.settle();
      const load = loadavg()[0]?.toFixed(1);
      const sample = await during(`${contest}: ${name}, round ${round} of ${rounds}, load ${load}`, async () =>
        contestants[name]?.(),
      );
      if (sample) raw[name]?.push(sample);
    }
  return raw;
}

export const wall = (samples: readonly Sample[]) => median(samples.map(({ seconds }) => seconds));
export const processor = (samples: readonly Sample[]) => median(samples.map(({ cpuSeconds }) => cpuSeconds));
export const memory = (samples: readonly Sample[]) => median(samples.map(({ peakMiB }) => peakMiB));
/** The worst, in MB of a million bytes. */
export const megabytes = (samples: readonly Sample[]) => inMB(Math.max(...samples.map(({ peakMiB }) => peakMiB)));
