// Bundle format: every blob that an index leads to, in the one order in which a bundle holds them (PF-3). Pure; writer and reader share it.
import {
  annotationKeys,
  type Descriptor,
  type Index,
  isIndex,
  isManifest,
  type Manifest,
  mediaTypes,
} from "./descriptor";
import { Refusal } from "./refusal";

/** A manifest or index, by what it holds. */
export type Document = Manifest | Index;

/** Indexes within indexes: bundle, image, and one more for tools that wrap an image's index in another. */
const DEEPEST = 3;

export function isIndexDocument(document: Document): document is Index {
  return "manifests" in document;
}

/**
 * Goes through a closure breadth first, so that a reader learns each place from what it has read already:
 * `next` until there is none, each answered by `learn`; then `blobs`.
 */
export class ClosureWalk {
  readonly #queue: { descriptor: Descriptor; depth: number }[] = [];
  readonly #seen = new Map<string, Descriptor>();
  readonly #manifests: { descriptor: Descriptor; manifest: Manifest }[] = [];
  readonly #depths = new Map<string, number>();
  readonly #release: string;

  /** @throws Refusal if the first of the index is not a release, or two descriptors of one blob contradict each other */
  constructor(index: Index) {
    const [first] = index.manifests;
    if (first?.artifactType !== mediaTypes.release)
      throw new Refusal(
        `index.json names ${first?.artifactType ?? first?.mediaType ?? "nothing"} first.`,
        `a release (${mediaTypes.release}), then images and what is attached to them.`,
      );
    this.#release = first.digest;
    this.#add(index.manifests, 1);
  }

  /** The next manifest or index in order; undefined when all are known. */
  next(): Descriptor | undefined {
    const entry = this.#queue.shift();
    if (entry) this.#depths.set(entry.descriptor.digest, entry.depth);
    return entry?.descriptor;
  }

  /** What the last of `next` holds. */
  learn(descriptor: Descriptor, document: Document): void {
    if (document.mediaType !== descriptor.mediaType)
      throw new Refusal(
        `${descriptor.digest} says of itself that it is ${document.mediaType}.`,
        `${descriptor.mediaType}, as what names it says.`,
      );
    if (isIndexDocument(document)) this.#add(document.manifests, (this.#depths.get(descriptor.digest) ?? 1) + 1);
    else this.#manifests.push({ descriptor, manifest: document });
  }

  /** All that are no manifests, in order: configurations, files of the release, of referrers, layers of images. */
  blobs(): Descriptor[] {
    const rank = ({ descriptor, manifest }: { descriptor: Descriptor; manifest: Manifest }) =>
      descriptor.digest === this.#release ? 0 : manifest.subject ? 1 : 2;
    const layers = [0, 1, 2].flatMap(wanted =>
      this.#manifests.filter(entry => rank(entry) === wanted).flatMap(({ manifest }) => manifest.layers),
    );
    return [...this.#manifests.map(({ manifest }) => manifest.config), ...layers].filter(blob => this.#isNew(blob));
  }

  #add(descriptors: readonly Descriptor[], depth: number): void {
    if (depth > DEEPEST)
      throw new Refusal(`an index lies ${depth} deep in index.json.`, `${DEEPEST} indexes within each other.`);
    for (const descriptor of descriptors) {
      if (!isIndex(descriptor) && !isManifest(descriptor))
        throw new Refusal(
          `${descriptor.digest} is named as a manifest, with media type ${descriptor.mediaType}.`,
          "manifests and indexes of OCI, or of Docker's schema 2.",
        );
      const before = this.#seen.get(descriptor.digest);
      if (before && before.mediaType !== descriptor.mediaType)
        throw new Refusal(
          `${descriptor.digest} is named both as ${before.mediaType} and as ${descriptor.mediaType}.`,
          "one media type for one manifest.",
        );
      if (this.#isNew(descriptor)) this.#queue.push({ descriptor, depth });
    }
  }

  #isNew(descriptor: Descriptor): boolean {
    const before = this.#seen.get(descriptor.digest);
    if (!before) {
      this.#seen.set(descriptor.digest, descriptor);
      return true;
    }
    if (before.size !== descriptor.size)
      throw new Refusal(
        `${descriptor.digest} is named with ${before.size} bytes and with ${descriptor.size}.`,
        "one size for one blob.",
      );
    return false;
  }
}

/**
 * All blobs that an index leads to, each once, in the order of a bundle.
 *
 * @param manifests every manifest and nested index, by digest
 * @throws Refusal if one is absent, or contradicts what names it
 */
export function closureOf(index: Index, manifests: ReadonlyMap<string, Document>): Descriptor[] {
  const walk = new ClosureWalk(index);
  const order: Descriptor[] = [];
  for (let descriptor = walk.next(); descriptor; descriptor = walk.next()) {
    const document = documentOf(descriptor, manifests);
    walk.learn(descriptor, document);
    order.push(descriptor);
  }
  return [...order, ...walk.blobs()];
}

function documentOf({ digest }: Descriptor, manifests: ReadonlyMap<string, Document>): Document {
  const document = manifests.get(digest);
  if (!document) throw new Refusal(`manifest ${digest} is named, and is not there.`, "none missing.");
  return document;
}

/**
 * Bytes of an image: its manifests, configurations and layers, each blob once. What a release says of each of its images.
 *
 * @throws Refusal if a manifest of it is not among `manifests`
 */
export function imageSize(image: Descriptor, manifests: ReadonlyMap<string, Document>): number {
  const sizes = new Map<string, number>();
  const queue = [image];
  for (let descriptor = queue.shift(); descriptor; descriptor = queue.shift()) {
    if (sizes.has(descriptor.digest)) continue;
    const document = documentOf(descriptor, manifests);
    sizes.set(descriptor.digest, descriptor.size);
    if (isIndexDocument(document)) queue.push(...document.manifests);
    else for (const { digest, size } of [document.config, ...document.layers]) sizes.set(digest, size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** The images of a bundle, in its order: what its index names beside the release and carries a repository's name. */
export function imagesOf(index: Index): { repository: string; descriptor: Descriptor }[] {
  return index.manifests.flatMap(descriptor => {
    const repository = descriptor.annotations?.[annotationKeys.name];
    return repository !== undefined && descriptor.artifactType !== mediaTypes.release
      ? [{ repository, descriptor }]
      : [];
  });
}
