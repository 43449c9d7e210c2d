// What a bundle is made of in tests: images in a stand-in registry, a release's facts and a key.
import { createHash, generateKeyPairSync } from "node:crypto";
import { p256 } from "@noble/curves/nist";
import { type Descriptor, mediaTypes } from "../../../src/onprem/format/descriptor";
import type { Wanted } from "../../../src/onprem/make/collect";
import type { Attachment, ReleaseFacts, ReleaseFile } from "../../../src/onprem/make/plan";
import { keySigner } from "../../../src/onprem/signing/file-key";
import type { Signer } from "../../../src/onprem/signing/signer";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const signer = keySigner(privateKey);

/** Signs otherwise each time, as a KMS does. */
export const fickleSigner: Signer = {
  ...signer,
  deterministic: false,
  signDigest: async digest => {
    const scalar = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
    return Buffer.from(p256.sign(digest, scalar, { extraEntropy: true }).toDERRawBytes());
  },
};

export const facts: ReleaseFacts = {
  schema: 1,
  stack: "onprem",
  environment: "prod",
  version: "1.2.3",
  buildSha: "0123456789abcdef0123456789abcdef01234567",
  createdAt: "2026-01-02T03:04:05Z",
  platform: "0.1.0",
  kubernetes: { minimum: "1.30" },
  workloads: [{ name: "sanctum", namespace: "sanctum", title: "Sanctum" }],
  platformNamespace: "palisade",
};

export const files: ReleaseFile[] = [
  { title: "stack.json", content: Buffer.from("{}") },
  { title: "manifests.yaml", content: Buffer.from("kind: List\n") },
];

/** An artifact that points to an image. */
export function statementOn(subject: Descriptor): Attachment {
  const blobs: { descriptor: Descriptor; bytes: Buffer }[] = [];
  const add = (mediaType: string, text: string): Descriptor => {
    const bytes = Buffer.from(text);
    const descriptor = put(each => `sha256:${sum(each)}`, mediaType, bytes);
    blobs.push({ descriptor, bytes });
    return descriptor;
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: mediaTypes.sigstore,
    config: add(mediaTypes.emptyConfig, "{}"),
    layers: [add(mediaTypes.sigstore, `{"of":"${subject.digest}"}`)],
    subject,
  };
  const descriptor = { ...add(mediaTypes.manifest, JSON.stringify(manifest)), artifactType: mediaTypes.sigstore };
  return { descriptor, manifest: blobs.pop()?.bytes ?? Buffer.alloc(0), blobs };
}

/** Puts bytes somewhere by their digest. */
export type Store = (bytes: Buffer) => string;

const put = (store: Store, mediaType: string, bytes: Buffer): Descriptor => ({
  mediaType,
  digest: store(bytes),
  size: bytes.length,
});

/** An image with these layers. */
export function image(store: Store, layers: readonly Buffer[], docker = false): Descriptor {
  const type = docker ? mediaTypes.dockerManifest : mediaTypes.manifest;
  const manifest = {
    schemaVersion: 2,
    mediaType: type,
    config: put(
      store,
      "application/vnd.oci.image.config.v1+json",
      Buffer.from(JSON.stringify({ layers: layers.map(sum) })),
    ),
    layers: layers.map(layer => put(store, "application/vnd.oci.image.layer.v1.tar+gzip", layer)),
  };
  return put(store, type, Buffer.from(JSON.stringify(manifest)));
}

/** An image for several machines. */
export function platforms(store: Store, images: readonly Descriptor[]): Descriptor {
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: images };
  return put(store, mediaTypes.index, Buffer.from(JSON.stringify(index)));
}

/** Three images: plain, of Docker's schema and sharing a layer, for two machines. */
export function release(store: Store, changed: Buffer): Wanted[] {
  return [
    { repository: "sanctum/frontend", digest: image(store, [shared, randomLayer(2)], true).digest },
    { repository: "sanctum/backend", digest: image(store, [shared, changed]).digest },
    {
      repository: "palisade/collector",
      digest: platforms(store, [image(store, [randomLayer(3)]), image(store, [randomLayer(4), Buffer.alloc(0)])])
        .digest,
    },
  ];
}

/** The same bytes each time. */
export function randomLayer(seed: number, size = 300_001): Buffer<ArrayBuffer> {
  return Buffer.concat(
    Array.from({ length: Math.ceil(size / 32) }, (_, at) => createHash("sha256").update(`${seed}:${at}`).digest()),
  ).subarray(0, size);
}

const shared = randomLayer(1, 3_500_000);
const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
