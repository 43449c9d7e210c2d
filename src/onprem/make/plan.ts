// Make: a bundle before it is written: its release, its index, its signature, and where each blob lies and comes from (PF-3, RT-9).
// The same inputs give the same bytes: no time, no order of arrival, no name of a machine goes in.
import { createHash } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { checkIndex, checkManifests, checkRelease, titlesOf } from "../bundle/rules";
import type { Document } from "../format/closure";
import {
  annotationKeys,
  type Descriptor,
  type Index,
  type Manifest,
  manifest as manifestSchema,
  mediaTypes,
} from "../format/descriptor";
import { Refusal } from "../format/refusal";
import { type Release, release as releaseSchema } from "../format/release";
import { type Entry, layoutOf, totalOf } from "../tar/layout";
import type { Collected } from "./collect";
import { type Content, measure, type Origin } from "./content";

/** What a release says of itself beside its images and its base. */
export type ReleaseFacts = Omit<Release, "images" | "base">;

/** A file of the release. */
export interface ReleaseFile {
  /** Path in the release, such as `sbom/index.html`. */
  title: string;
  content: Content;
}

/** A signed statement on an image, as an artifact manifest with a subject. */
export interface Attachment {
  /** As the index lists it, with artifact type and annotations. */
  descriptor: Descriptor;
  /** Bytes of the manifest. */
  manifest: Buffer;
  /** What it names: configuration and statement. */
  blobs: readonly { descriptor: Descriptor; bytes: Buffer }[];
}

/** The bundle that a delta builds on. */
export interface Base {
  /** Digest of its index.json. */
  index: string;
  version: string;
  /** Digests of all its blobs. */
  digests: ReadonlySet<string>;
}

export interface Ingredients {
  facts: ReleaseFacts;
  collected: Collected;
  files: readonly ReleaseFile[];
  attachments: readonly Attachment[];
  base?: Base;
}

/** A bundle without its signature. */
export interface Draft {
  release: Release;
  index: Index;
  /** index.json. */
  indexBytes: Buffer;
  documents: ReadonlyMap<string, Document>;
  origins: ReadonlyMap<string, Origin>;
  /** Digests that the base holds. */
  have: ReadonlySet<string>;
}

/** A bundle, ready to be written. */
export interface Plan extends Draft {
  /** index.json.sigstore.json. */
  signature: Buffer;
  entries: readonly Entry[];
  /** Bytes of the whole. */
  total: number;
}

/** @throws Failure when a title comes twice, a statement's subject is not in the release, the facts are not in order, or a reader would
 * refuse what comes of them */
export function draftBundle({ facts, collected, files, attachments, base }: Ingredients): Draft {
  const documents = new Map(collected.documents);
  const origins = new Map<string, Origin>(collected.bytes);
  for (const [digest, repository] of collected.repositories) origins.set(digest, { repository });
  const parsed = releaseSchema.safeParse({
    ...facts,
    images: collected.images.map(({ repository, descriptor, size }) => ({
      repository,
      digest: descriptor.digest,
      size,
    })),
    ...(base ? { base: { index: base.index, version: base.version } } : {}),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Failure(`the release's ${issue?.path.join(".")} is not in order: ${issue?.message}`, "");
  }
  const release = parsed.data;
  const add = (mediaType: string, content: Content, more: Partial<Descriptor> = {}): Descriptor => {
    const measured = measure(content);
    origins.set(measured.digest, content);
    return { mediaType, ...measured, ...more };
  };

  const config = add(mediaTypes.release, Buffer.from(JSON.stringify(release)));
  const layers: Descriptor[] = [];
  for (const { title, content } of [...files].sort((a, b) => (a.title < b.title ? -1 : 1))) {
    if (layers.some(({ annotations }) => annotations?.[annotationKeys.title] === title))
      throw new Failure(`the release would hold two files ${title}`, "Each title comes once.");
    layers.push(add(mediaTypes.file, content, { annotations: { [annotationKeys.title]: title } }));
  }
  const artifact: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.release,
    config,
    layers,
  };
  const top = add(mediaTypes.manifest, Buffer.from(JSON.stringify(artifact)), {
    artifactType: mediaTypes.release,
  });
  documents.set(top.digest, artifact);

  for (const { descriptor, manifest, blobs } of attachments) {
    const statement = manifestSchema.parse(JSON.parse(manifest.toString("utf8")));
    if (!statement.subject || !collected.documents.has(statement.subject.digest))
      throw new Failure(
        `a statement speaks of ${statement.subject?.digest ?? "nothing"}, which is no image of the release`,
        "",
      );
    documents.set(descriptor.digest, statement);
    origins.set(descriptor.digest, manifest);
    for (const blob of blobs) origins.set(blob.descriptor.digest, blob.bytes);
  }
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    artifactType: mediaTypes.bundle,
    manifests: [
      top,
      ...collected.images.map(({ repository, descriptor }) => ({
        ...descriptor,
        annotations: { [annotationKeys.name]: repository },
      })),
      ...attachments.map(({ descriptor }) => descriptor),
    ],
    annotations: {
      [annotationKeys.version]: release.version,
      [annotationKeys.environment]: release.environment,
      [annotationKeys.stack]: release.stack,
      ...(base ? { [annotationKeys.base]: base.index, [annotationKeys.baseVersion]: base.version } : {}),
    },
  };
  requireReadable(() => {
    titlesOf(artifact);
    checkIndex(index);
    checkManifests(index, documents);
    checkRelease(release, index, documents);
  });
  return {
    release,
    index,
    indexBytes: Buffer.from(JSON.stringify(index)),
    documents,
    origins,
    have: base?.digests ?? new Set(),
  };
}

/** The reader's own rules, before gigabytes are fetched for a bundle that nobody could open. */
function requireReadable(rules: () => void): void {
  try {
    rules();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Failure(`nobody could open this bundle: ${error.found}`, `Allowed: ${error.allowed}`);
  }
}

/** Lays a draft out with its signature. Pure. */
export function planBundle(draft: Draft, signature: Buffer): Plan {
  const sizes = { index: draft.indexBytes.length, signature: signature.length };
  const entries = layoutOf(draft.index, draft.documents, sizes, draft.have);
  return { ...draft, signature, entries, total: totalOf(entries) };
}

/** `sha256:…` of index.json: what a delta names as its base. */
export function indexDigest({ indexBytes }: Draft): string {
  return `sha256:${createHash("sha256").update(indexBytes).digest("hex")}`;
}
