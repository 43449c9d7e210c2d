// Attest: a signed statement as OCI referrer of an image: an artifact manifest with `subject`, as cosign 3 writes and finds it (RT-9).
import { createHash } from "node:crypto";
import { annotationKeys, type Descriptor, type Manifest, mediaTypes } from "../format/descriptor";

/** Bytes, and how a manifest names them. */
export interface Blob {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** An artifact manifest that points to what it speaks of. */
export interface Referrer {
  /** As an index lists it, artifact type and annotations included. */
  descriptor: Descriptor;
  /** Bytes of the manifest. */
  manifest: Buffer;
  /** What the manifest names: the empty configuration and the signed statement. */
  blobs: Blob[];
}

/** Annotation by which cosign tells a statement from a signature of bytes. */
const CONTENT = "dev.sigstore.bundle.content";

/**
 * Pure, and without a time: the same statement gives the same bytes.
 * @param subject descriptor of the image's manifest or index
 * @param bundleText sigstore bundle with the signed statement
 * @param predicateType what the statement says; readers choose by it before they have fetched anything
 */
export function referrerOf(subject: Descriptor, bundleText: string, predicateType: string): Referrer {
  const config = blob(mediaTypes.emptyConfig, Buffer.from("{}"));
  const layer = blob(mediaTypes.sigstore, Buffer.from(bundleText));
  const annotations = { [CONTENT]: "dsse-envelope", [annotationKeys.predicateType]: predicateType };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.sigstore,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations,
  };
  const written = blob(mediaTypes.manifest, Buffer.from(JSON.stringify(manifest)));
  return {
    descriptor: { ...written.descriptor, artifactType: mediaTypes.sigstore, annotations },
    manifest: written.bytes,
    blobs: [config, layer],
  };
}

function blob(mediaType: string, bytes: Buffer): Blob {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}
