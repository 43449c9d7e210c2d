// Bundle format: OCI descriptors, manifests and indexes as a bundle holds them. Everything here came from outside and is checked (PF-3).
import { z } from "zod";

/** Media types that a bundle holds or is made of. */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  emptyConfig: "application/vnd.oci.empty.v1+json",
  bundle: "application/vnd.palisade.bundle.v1+json",
  release: "application/vnd.palisade.release.v1+json",
  file: "application/vnd.palisade.release.file.v1",
  sigstore: "application/vnd.dev.sigstore.bundle.v0.3+json",
} as const;

/** Annotations that are ours, and those of the OCI that we read. */
export const annotationKeys = {
  /** Path of a file of the release. */
  title: "org.opencontainers.image.title",
  /** Repository of an image. */
  name: "org.opencontainers.image.ref.name",
  version: "dev.palisade.version",
  environment: "dev.palisade.environment",
  stack: "dev.palisade.stack",
  /** Digest of the index of the bundle that a delta builds on. */
  base: "dev.palisade.base",
  baseVersion: "dev.palisade.base-version",
  /** What a signed statement says, as cosign writes it. */
  predicateType: "dev.sigstore.bundle.predicateType",
} as const;

export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const annotations = z.record(z.string().max(256), z.string().max(4096));
const mediaType = z.string().regex(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i);

const platform = z.object({
  architecture: z.string().max(32),
  os: z.string().max(32),
  variant: z.string().max(32).optional(),
});

export const descriptor = z.object({
  mediaType,
  digest,
  /** Bytes. */
  size: z.int().min(0),
  artifactType: mediaType.optional(),
  annotations: annotations.optional(),
  platform: platform.optional(),
});
export type Descriptor = z.output<typeof descriptor>;

export const manifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.manifest, mediaTypes.dockerManifest]),
  artifactType: mediaType.optional(),
  config: descriptor,
  layers: z.array(descriptor).max(10_000),
  subject: descriptor.optional(),
  annotations: annotations.optional(),
});
export type Manifest = z.output<typeof manifest>;

export const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([mediaTypes.index, mediaTypes.dockerIndex]),
  artifactType: mediaType.optional(),
  manifests: z.array(descriptor).max(10_000),
  annotations: annotations.optional(),
});
export type Index = z.output<typeof index>;

/** Whether a descriptor leads to more manifests. */
export function isIndex({ mediaType: type }: Pick<Descriptor, "mediaType">): boolean {
  return type === mediaTypes.index || type === mediaTypes.dockerIndex;
}

/** Whether a descriptor leads to a manifest, with a configuration and layers. */
export function isManifest({ mediaType: type }: Pick<Descriptor, "mediaType">): boolean {
  return type === mediaTypes.manifest || type === mediaTypes.dockerManifest;
}
