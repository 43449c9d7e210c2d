// Image phase: the bundle's images into the customer's registry: in parallel, each blob once, resumable, checked as it streams (PF-3, RT-12).
import { Failure } from "../../../toolchain/failure";
import type { Descriptor } from "../format/descriptor";
import { manifestDigest, pushBlob, putManifest } from "../registry/push";
import { pushReferrer } from "../registry/referrers";
import type { RegistrySession } from "../registry/session";
import { lackingBlobs, type WantedBlob } from "./lacking";
import { inParallel } from "./parallel";
import { type PlannedImage, planImages } from "./plan";
import type { ImageSource } from "./source";

/** How far the phase is; bytes never go back. */
export interface ImagesProgress {
  /** Bytes that are in the registry, those that were there before included. */
  bytes: number;
  /** Bytes of all blobs, each counted once. */
  total: number;
  /** Images that are whole in the registry. */
  images: number;
  ofImages: number;
}

export interface PushImagesOptions {
  /** Blobs at once, 1 to 16; 4. */
  parallel?: number;
  onProgress?: (progress: ImagesProgress) => void;
  /**
   * Tag for an image: a registry that clears away what has no tag would take running images from under their pods.
   * Must be another one for another digest, since tags may be immutable; none unless given.
   */
  tag?: (image: PlannedImage) => string;
  /** Called for each image before anything of any is sent; throws if its signature or provenance do not hold. */
  verify?: (image: PlannedImage) => Promise<void>;
  signal?: AbortSignal;
}

/** What was done. */
export interface PushedImages {
  /** Blobs that were sent, lent by another repository, or there before. */
  blobs: { pushed: number; mounted: number; present: number };
  /** Bytes that were sent and kept. */
  bytes: number;
  /** Manifests, lists and tags that were sent. */
  manifests: number;
  /** Host, path and digest of each image, by the name it has in the bundle. */
  references: Record<string, string>;
}

const PARALLEL = 4;
const MOST_PARALLEL = 16;

/**
 * Brings a registry to hold every image of a bundle and what is attached to it. What is there is not sent again, so a run
 * that was killed is simply run again.
 * @throws Failure naming the image, the blob, the registry and what to do; Failure of `verify` before anything was sent
 */
export async function pushImages(
  session: RegistrySession,
  source: ImageSource,
  { parallel = PARALLEL, onProgress, tag, verify, signal }: PushImagesOptions = {},
): Promise<PushedImages> {
  const atOnce = Math.max(1, Math.min(MOST_PARALLEL, parallel));
  const images = await planImages(source);
  for (const image of images) await verify?.(image);
  const blobs = await lackingBlobs(session, images, { parallel: atOnce * 2, signal });
  const meter = new Meter(blobs, images.length, onProgress);
  const done: PushedImages = {
    blobs: { pushed: 0, mounted: 0, present: 0 },
    bytes: 0,
    manifests: 0,
    references: {},
  };
  // The largest first: at the end none is left that the others would wait for.
  const order = [...blobs].sort((a, b) => b.descriptor.size - a.descriptor.size);
  await inParallel(order, atOnce, signal, async (blob, stop) => {
    await named(images, blob, () => place(session, source, blob, done, meter, stop));
  });
  await inParallel(images, atOnce, signal, async (image, stop) => {
    await putImage(session, image, done, tag?.(image), stop);
    meter.image();
  });
  for (const { repository, digest } of images)
    done.references[repository] = `${session.address.host}/${session.repositoryPath(repository)}@${digest}`;
  return done;
}

/** Brings one blob into every repository that lacks it: over the wire at most once, from there by loan. */
async function place(
  session: RegistrySession,
  source: ImageSource,
  { descriptor, present, lacking }: WantedBlob,
  done: PushedImages,
  meter: Meter,
  signal: AbortSignal,
): Promise<void> {
  done.blobs.present += present.length;
  let [lender] = present;
  for (const repository of lacking) {
    const blob = {
      digest: descriptor.digest,
      size: descriptor.size,
      open: (start: number) => source.pieces(descriptor, start),
    };
    const onBytes = (sent: number) => meter.blob(descriptor, sent);
    const outcome = await pushBlob(session, repository, blob, { mountFrom: lender, lacking: true, onBytes, signal });
    done.blobs[outcome]++;
    if (outcome === "pushed") done.bytes += descriptor.size;
    lender ??= repository;
  }
  meter.blob(descriptor, descriptor.size);
}

/** The manifests, each after what it names; then what is attached; the tag last, so that it never names half an image. */
async function putImage(
  session: RegistrySession,
  { repository, digest, manifests, referrers }: PlannedImage,
  done: PushedImages,
  tag: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const document of manifests) {
    if ((await manifestDigest(session, repository, document.digest, signal)) !== undefined) continue;
    await putManifest(session, repository, document, document.digest, signal);
    done.manifests++;
  }
  // One after the other: without the API they share a list.
  for (const referrer of referrers)
    if (await pushReferrer(session, repository, referrer, referrer.subject, signal)) done.manifests++;
  const own = manifests.at(-1);
  if (tag === undefined || own === undefined) return;
  if ((await manifestDigest(session, repository, tag, signal)) === digest) return;
  await putManifest(session, repository, own, tag, signal);
  done.manifests++;
}

/** Says which image a blob is of: an operator knows images, not blobs. */
async function named(images: readonly PlannedImage[], blob: WantedBlob, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const of = images.filter(image => image.blobs.some(({ digest }) => digest === blob.descriptor.digest));
    const names = of.map(({ repository, digest }) => `${repository}@${digest}`);
    if (names.length === 0) throw error;
    throw new Failure(`image ${names.join(", ")}: ${error.what}`, error.fix);
  }
}

/** Counts bytes over all blobs. What a broken try had sent stays counted until the next one is further. */
class Meter {
  readonly #sent = new Map<string, number>();
  readonly #progress: ImagesProgress;

  constructor(
    blobs: readonly WantedBlob[],
    ofImages: number,
    private readonly report: ((progress: ImagesProgress) => void) | undefined,
  ) {
    const total = blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    this.#progress = { bytes: 0, total, images: 0, ofImages };
  }

  blob({ digest, size }: Descriptor, sent: number): void {
    const before = this.#sent.get(digest) ?? 0;
    const now = Math.min(sent, size);
    if (now <= before) return;
    this.#sent.set(digest, now);
    this.#progress.bytes += now - before;
    this.report?.({ ...this.#progress });
  }

  image(): void {
    this.#progress.images++;
    this.report?.({ ...this.#progress });
  }
}
