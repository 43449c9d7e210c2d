// Make: what the images of a release consist of, from the vendor's registry and by digest (RT-1, RT-12). Manifests alone; layers come later, to their places.

import { Failure } from "../../../toolchain/failure";
import { type Document, imageSize, isIndexDocument } from "../format/closure";
import { type Descriptor, index, isIndex, manifest, mediaTypes } from "../format/descriptor";
import { pullManifest } from "../registry/pull";
import type { RegistrySession } from "../registry/session";
import { LARGEST } from "../tar/header";

/** An image that a release wants. */
export interface Wanted {
  /** Such as `sanctum/backend`. */
  repository: string;
  /** Of its manifest, or of its index where it has several platforms. */
  digest: string;
}

export interface CollectedImage {
  repository: string;
  descriptor: Descriptor;
  /** All its blobs, in bytes, each once. */
  size: number;
}

export interface Collected {
  /** Sorted by repository. */
  images: CollectedImage[];
  /** Manifests and nested indexes, by digest. */
  documents: Map<string, Document>;
  /** Their bytes, by digest. */
  bytes: Map<string, Buffer>;
  /** A repository that has the blob, by the blob's digest. */
  repositories: Map<string, string>;
}

/** Bytes of all manifests together: reader and maker hold them in memory. */
const MOST_MANIFEST_BYTES = 32 * 1024 * 1024;
/** Indexes within each other, the bundle's own not counted. */
const DEEPEST = 2;
const AT_ONCE = 8;

/**
 * Fetches and checks all manifests of some images.
 * @throws Failure naming the image that the registry lacks, that is of another form, or that has a blob too large for a bundle
 */
export async function collectImages(
  session: RegistrySession,
  wanted: readonly Wanted[],
  signal?: AbortSignal,
): Promise<Collected> {
  const found: Collected = { images: [], documents: new Map(), bytes: new Map(), repositories: new Map() };
  const sorted = [...wanted].sort((a, b) => (a.repository < b.repository ? -1 : a.repository > b.repository ? 1 : 0));
  const tops: Descriptor[] = [];
  for (let at = 0; at < sorted.length; at += AT_ONCE)
    tops.push(
      ...(await Promise.all(
        sorted
          .slice(at, at + AT_ONCE)
          .map(({ repository, digest }) => collect(session, found, repository, { digest }, 1, signal)),
      )),
    );
  for (const [at, { repository }] of sorted.entries()) {
    const descriptor = tops[at];
    if (descriptor) found.images.push({ repository, descriptor, size: imageSize(descriptor, found.documents) });
  }
  return found;
}

async function collect(
  session: RegistrySession,
  found: Collected,
  repository: string,
  wanted: Pick<Descriptor, "digest"> & Partial<Descriptor>,
  depth: number,
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const name = `${repository}@${wanted.digest}`;
  if (depth > DEEPEST + 1)
    throw new Failure(
      `${name} lies more than ${DEEPEST} indexes deep in its image`,
      "Push the image with one index for its platforms.",
    );
  const { bytes, mediaType } = await pullManifest(session, repository, wanted.digest, signal);
  const descriptor = { mediaType, digest: wanted.digest, size: bytes.length };
  if (wanted.size !== undefined && (wanted.size !== bytes.length || wanted.mediaType !== mediaType))
    throw new Failure(
      `${name} is named with ${wanted.size} bytes of ${wanted.mediaType}, and is not that`,
      "Push the image again.",
    );
  const document = parse(bytes, descriptor, name);
  found.documents.set(wanted.digest, document);
  found.bytes.set(wanted.digest, bytes);
  if ([...found.bytes.values()].reduce((sum, { length }) => sum + length, 0) > MOST_MANIFEST_BYTES)
    throw new Failure(
      `the images' manifests are larger than ${MOST_MANIFEST_BYTES} bytes in all`,
      "Split the release.",
    );
  if (isIndexDocument(document)) {
    for (const child of document.manifests) await collect(session, found, repository, child, depth + 1, signal);
    return descriptor;
  }
  for (const blob of [document.config, ...document.layers]) {
    if (blob.size > LARGEST)
      throw new Failure(
        `${name}: its layer ${blob.digest} has ${blob.size} bytes; allowed are ${LARGEST}, as a tar's header can say no more`,
        "Make the layer smaller, then run the same command again.",
      );
    if (!found.repositories.has(blob.digest)) found.repositories.set(blob.digest, repository);
  }
  return descriptor;
}

function parse(bytes: Buffer, descriptor: Descriptor, name: string): Document {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new Failure(`${name} is no JSON`, "Push the image again.");
  }
  const result = (isIndex(descriptor) ? index : manifest).safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Failure(
    `${name}: ${issue?.path.join(".") || "its manifest"}: ${issue?.message}`,
    `Allowed is a manifest that names its type, ${mediaTypes.manifest} or of Docker's schema 2. Push it again with a current tool.`,
  );
}
