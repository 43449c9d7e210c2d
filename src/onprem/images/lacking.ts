// Image phase: what a registry lacks of the images, so that a plan can say it and nothing is sent twice (RT-12).
import type { Descriptor } from "../format/descriptor";
import { hasBlob } from "../registry/push";
import type { RegistrySession } from "../registry/session";
import { inParallel } from "./parallel";
import type { PlannedImage } from "./plan";

/** A blob, and where it belongs. */
export interface WantedBlob {
  descriptor: Descriptor;
  /** Repositories that have it. */
  present: string[];
  /** Repositories that need it and lack it. */
  lacking: string[];
}

/** Every blob of the images and of what is attached to them, each once, with the repositories it belongs to. Pure. */
function wantedBlobs(images: readonly PlannedImage[]): { descriptor: Descriptor; repositories: string[] }[] {
  const wanted = new Map<string, { descriptor: Descriptor; repositories: Set<string> }>();
  for (const { repository, blobs, referrers } of images)
    for (const descriptor of [...blobs, ...referrers.flatMap(referrer => referrer.blobs)]) {
      const entry = wanted.get(descriptor.digest) ?? { descriptor, repositories: new Set<string>() };
      entry.repositories.add(repository);
      wanted.set(descriptor.digest, entry);
    }
  return [...wanted.values()].map(({ descriptor, repositories }) => ({ descriptor, repositories: [...repositories] }));
}

/**
 * Asks the registry for every blob.
 * @param parallel questions at once
 */
export async function lackingBlobs(
  session: RegistrySession,
  images: readonly PlannedImage[],
  { parallel, signal }: { parallel: number; signal?: AbortSignal },
): Promise<WantedBlob[]> {
  const blobs = wantedBlobs(images).map(({ descriptor, repositories }) => ({
    descriptor,
    present: [] as string[],
    lacking: [] as string[],
    repositories,
  }));
  const questions = blobs.flatMap(blob => blob.repositories.map(repository => ({ blob, repository })));
  await inParallel(questions, parallel, signal, async ({ blob, repository }, stop) => {
    const there = await hasBlob(session, repository, blob.descriptor, stop);
    (there ? blob.present : blob.lacking).push(repository);
  });
  return blobs.map(({ descriptor, present, lacking }) => ({
    descriptor,
    present: present.sort(),
    lacking: lacking.sort(),
  }));
}
