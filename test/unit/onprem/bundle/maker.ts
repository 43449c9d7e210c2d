// A small bundle, made and signed in memory, with each of its pieces open to change.
import { createHash, generateKeyPairSync } from "node:crypto";
import type { Document } from "../../../../src/onprem/format/closure";
import { type Descriptor, type Index, type Manifest, mediaTypes } from "../../../../src/onprem/format/descriptor";
import type { Release } from "../../../../src/onprem/format/release";
import { keySigner } from "../../../../src/onprem/signing/file-key";
import { signBlob } from "../../../../src/onprem/signing/sign";
import type { Signer } from "../../../../src/onprem/signing/signer";
import { END, encodeHeader, paddingOf } from "../../../../src/onprem/tar/header";
import { type Entry, layoutOf, ociLayout } from "../../../../src/onprem/tar/layout";

/** A key that lives as long as the test. */
export function throwAwaySigner(): Signer {
  return keySigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

export const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** What a bundle is made of, before it is signed. */
export interface Draft {
  index: Index;
  manifests: Map<string, Document>;
  blobs: Map<string, Buffer>;
}

export interface Plan {
  version?: string;
  /** Layers of each image, by repository; one whose bytes are not at hand by its digest and size. */
  images?: Record<string, (Buffer | { digest: string; size: number })[]>;
  files?: Record<string, string>;
  base?: { index: string; version: string };
  /** Changes what the release says before it is written. */
  release?: (release: Release) => unknown;
  /** Changes the release's manifest. */
  manifest?: (manifest: Manifest) => void;
}

const defaults: Record<string, Buffer[]> = {
  "palisade/collector": [Buffer.from("layer of the collector"), Buffer.from("shared layer")],
  "sanctum/backend": [Buffer.from("shared layer"), Buffer.alloc(1500, "b")],
};

/** A release, its images and a signature attached to each. */
export function draft(plan: Plan = {}): Draft {
  const {
    version = "1.4.0",
    images = defaults,
    files = { "stack.json": "{}", "manifests.yaml": "kind: List\n" },
  } = plan;
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Document>();
  const blob = (bytes: Buffer, mediaType: string): Descriptor => {
    blobs.set(digestOf(bytes), bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const json = (value: unknown, mediaType: string) => blob(Buffer.from(JSON.stringify(value)), mediaType);
  const manifest = (document: Manifest): Descriptor => {
    const described = json(document, document.mediaType);
    manifests.set(described.digest, document);
    return described;
  };
  const head = { schemaVersion: 2, mediaType: mediaTypes.manifest } as const;
  const sum = (parts: Descriptor[]) => parts.reduce((total, { size }) => total + size, 0);

  const described = Object.keys(images)
    .sort()
    .map(repository => {
      const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
      const layers = (images[repository] ?? []).map(layer =>
        Buffer.isBuffer(layer) ? blob(layer, mediaType) : { mediaType, ...layer },
      );
      const config = json(
        { architecture: "amd64", os: "linux", repository },
        "application/vnd.oci.image.config.v1+json",
      );
      const image = manifest({ ...head, config, layers });
      return { repository, image, size: sum([image, config, ...layers]) };
    });
  const attached = described.map(({ image, repository }) =>
    manifest({
      ...head,
      artifactType: mediaTypes.sigstore,
      config: blob(Buffer.from("{}"), mediaTypes.emptyConfig),
      layers: [json({ signature: repository }, mediaTypes.sigstore)],
      subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
    }),
  );
  const release: Release = {
    schema: 1,
    stack: "onprem",
    environment: "prod",
    version,
    buildSha: "0".repeat(40),
    createdAt: "2026-01-02T03:04:05Z",
    platform: "0.1.0",
    kubernetes: { minimum: "1.30" },
    workloads: [{ name: "sanctum", namespace: "sanctum", title: "Sanctum" }],
    platformNamespace: "palisade",
    images: described.map(({ repository, image, size }) => ({ repository, digest: image.digest, size })),
    base: plan.base,
  };
  const releaseManifest: Manifest = {
    ...head,
    artifactType: mediaTypes.release,
    config: json(plan.release?.(release) ?? release, mediaTypes.release),
    layers: Object.entries(files).map(([title, content]) => ({
      ...blob(Buffer.from(content), mediaTypes.file),
      annotations: { "org.opencontainers.image.title": title },
    })),
  };
  plan.manifest?.(releaseManifest);
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    artifactType: mediaTypes.bundle,
    manifests: [
      { ...manifest(releaseManifest), artifactType: mediaTypes.release },
      ...described.map(({ image, repository }) => ({
        ...image,
        annotations: { "org.opencontainers.image.ref.name": repository },
      })),
      ...attached,
    ],
    annotations: {
      "dev.palisade.version": version,
      "dev.palisade.environment": "prod",
      "dev.palisade.stack": "onprem",
      ...(plan.base && { "dev.palisade.base": plan.base.index, "dev.palisade.base-version": plan.base.version }),
    },
  };
  return { index, manifests, blobs };
}

export interface Signed extends Draft {
  indexBytes: Buffer;
  indexDigest: string;
  signature: string;
  /** Where each entry lies, with its bytes if they are at hand. */
  entries: (Entry & { content?: Buffer })[];
}

/** Signs a draft and lays it out.
 * @param have digests that a delta leaves to its base */
export async function sign(
  signer: Signer,
  { index, manifests, blobs }: Draft,
  have?: ReadonlySet<string>,
): Promise<Signed> {
  const indexBytes = Buffer.from(JSON.stringify(index));
  const signature = await signBlob(signer, indexBytes);
  const head = [Buffer.from(ociLayout), indexBytes, Buffer.from(signature)];
  const entries = layoutOf(index, manifests, { index: indexBytes.length, signature: signature.length }, have).map(
    (entry, at) => ({ ...entry, content: entry.descriptor ? blobs.get(entry.descriptor.digest) : head[at] }),
  );
  return { index, manifests, blobs, indexBytes, indexDigest: digestOf(indexBytes), signature, entries };
}

export interface Made extends Signed {
  /** Name and content of each entry. */
  parts: [string, Buffer][];
  /** The tar. */
  bytes: Buffer;
}

/** As `sign`, with the tar in memory. */
export async function make(signer: Signer, draft: Draft, have?: ReadonlySet<string>): Promise<Made> {
  const signed = await sign(signer, draft, have);
  const parts = signed.entries.map(({ name, content }): [string, Buffer] => [name, content ?? Buffer.alloc(0)]);
  return { ...signed, parts, bytes: tar(parts) };
}

/** Any tar, in the one form that entries of a bundle have. */
export function tar(entries: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = entries.flatMap(([name, content]) => [
    encodeHeader(name, content.length),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(END)]);
}
