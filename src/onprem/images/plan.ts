// Image phase: what a bundle's images are made of, and in which order a registry must get it. Decided before a byte moves (RT-12).
import { Failure } from "../../../toolchain/failure";
import { imagesOf } from "../format/closure";
import {
  annotationKeys,
  type Descriptor,
  index,
  isIndex,
  type Manifest,
  manifest,
  mediaTypes,
} from "../format/descriptor";
import type { ImageSource } from "./source";

/** A manifest or index, with its bytes. */
export interface Document extends Descriptor {
  bytes: Buffer;
}

/** Something attached to an image, such as a signature. */
export interface PlannedReferrer extends Document {
  /** Digest of the manifest it is attached to. */
  subject: string;
  /** Configuration and layers. */
  blobs: readonly Descriptor[];
}

/** One image with all that a registry must hold for it. */
export interface PlannedImage {
  /** Below the registry's address. */
  repository: string;
  /** What references name. */
  digest: string;
  /** Each after those it names; the image's own is the last. */
  manifests: readonly Document[];
  /** Configurations and layers, each once. */
  blobs: readonly Descriptor[];
  referrers: readonly PlannedReferrer[];
}

/**
 * All images of a bundle, in its order.
 * @throws Failure when a manifest is none
 */
export async function planImages(source: ImageSource): Promise<PlannedImage[]> {
  const referrers = await readReferrers(source);
  const images: PlannedImage[] = [];
  for (const { repository, descriptor } of imagesOf(source.index)) {
    const manifests: Document[] = [];
    const blobs = new Map<string, Descriptor>();
    const visit = async (at: Descriptor): Promise<void> => {
      if (manifests.some(({ digest }) => digest === at.digest)) return;
      const bytes = await source.read(at);
      if (isIndex(at)) for (const child of parse(index, bytes, at).manifests) await visit(child);
      else for (const blob of blobsOf(parse(manifest, bytes, at))) blobs.set(blob.digest, blob);
      manifests.push({ ...at, bytes });
    };
    await visit(descriptor);
    const own = new Set(manifests.map(({ digest }) => digest));
    images.push({
      repository,
      digest: descriptor.digest,
      manifests,
      blobs: [...blobs.values()],
      referrers: referrers.filter(({ subject }) => own.has(subject)),
    });
  }
  return images;
}

/** What the bundle's index names beside the release and the images. */
async function readReferrers(source: ImageSource): Promise<PlannedReferrer[]> {
  const named = source.index.manifests.filter(
    each =>
      each.annotations?.[annotationKeys.name] === undefined &&
      each.artifactType !== mediaTypes.release &&
      !isIndex(each),
  );
  const found: PlannedReferrer[] = [];
  for (const each of named) {
    const bytes = await source.read(each);
    const document = parse(manifest, bytes, each);
    if (document.subject)
      found.push({
        ...each,
        bytes,
        artifactType: each.artifactType ?? document.artifactType ?? document.config.mediaType,
        annotations: document.annotations,
        subject: document.subject.digest,
        blobs: blobsOf(document),
      });
  }
  return found;
}

function blobsOf(document: Manifest): Descriptor[] {
  return [...new Map([document.config, ...document.layers].map(blob => [blob.digest, blob])).values()];
}

function parse<Out>(schema: { parse(value: unknown): Out }, bytes: Buffer, { digest }: Descriptor): Out {
  try {
    return schema.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    throw new Failure(
      `${digest} in the bundle is no manifest`,
      "Fetch the bundle again, and try it: `./palisade plan BUNDLE --key KEY`.",
    );
  }
}
