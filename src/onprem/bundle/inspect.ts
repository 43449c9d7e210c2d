// Bundle: verifies a bundle from front to back in one pass: signature first, then nothing but what the signed index leads to (PF-3, RT-9).
// Blobs are hashed as they are and never decompressed, so that no content of a layer can do anything here.
import { createHash } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { ClosureWalk, type Document, isIndexDocument } from "../format/closure";
import {
  type Descriptor,
  type Index,
  index as indexShape,
  isIndex,
  manifest as manifestShape,
  mediaTypes,
} from "../format/descriptor";
import { Refusal, shown } from "../format/refusal";
import { type Release, release as releaseShape } from "../format/release";
import { verifyBlob } from "../signing/verify";
import { blobName, ociLayout } from "../tar/layout";
import type { Container } from "./container";
import { JSON_LIMIT, parseJson } from "./json";
import { type Base, baseOf, checkIndex, checkManifests, checkRelease, titlesOf } from "./rules";
import { Taker } from "./taker";

/** Bytes of the signature's file: it has some five hundred. */
const SIGNATURE_LIMIT = 64 * 1024;

/** A bundle that was verified. */
export interface Inspected {
  readonly index: Index;
  /** `sha256:…` of index.json. */
  readonly indexDigest: string;
  readonly release: Release;
  /** Files of the release by title. */
  readonly files: ReadonlyMap<string, Descriptor>;
  /** Manifests and nested indexes, by digest. */
  readonly documents: ReadonlyMap<string, Document>;
  /** Blobs that are in the container, by digest, in order. */
  readonly here: ReadonlyMap<string, Descriptor>;
  /** Blobs that the base gives. */
  readonly missing: readonly Descriptor[];
}

export interface Inspection {
  readonly publicKeyPem: string;
  /** What the base of a delta was found to be. */
  readonly base?: Inspected;
  /** Whether a delta is refused even with its base: a base is whole. */
  readonly whole?: boolean;
  /** Whether each blob is hashed, or only what is needed to know where each lies. */
  readonly full: boolean;
}

/** @throws Refusal with the first thing that is not as it has to be */
export async function inspect(container: Container, options: Inspection): Promise<Inspected> {
  const { index, indexDigest } = await readHead(container, options.publicKeyPem);
  checkBase(baseOf(index), options);
  const take = new Taker(container, options.base?.here);

  const documents = new Map<string, Document>();
  const walk = new ClosureWalk(index);
  for (let descriptor = walk.next(); descriptor; descriptor = walk.next()) {
    const document = await readDocument(take, descriptor, options.base);
    documents.set(descriptor.digest, document);
    walk.learn(descriptor, document);
  }
  checkManifests(index, documents);

  const released = releaseManifest(index, documents);
  const titles = titlesOf(released);
  const blobs = walk.blobs();
  checkSize(container, container.expected(blobs.filter(({ digest }) => !take.isInBase(digest))));
  let release: Release | undefined;
  for (const blob of blobs)
    if (blob.digest === released.config.digest) {
      const bytes = await take.bytes(blob);
      if (!bytes) break;
      release = parseJson(bytes, releaseShape, `the release's description ${blob.digest}`);
      checkRelease(release, index, documents);
    } else await take.hashed(blob, options.full);
  if (!release) throw new Refusal("what describes the release is not in the bundle.", "a release, in a delta too.");
  await container.end();
  const files = new Map(
    titles.flatMap((title, at) => (released.layers[at] ? [[title, released.layers[at]] as const] : [])),
  );
  return { index, indexDigest, release, files, documents, here: take.here, missing: take.missing };
}

async function readHead(container: Container, publicKeyPem: string): Promise<{ index: Index; indexDigest: string }> {
  const layout = await container.head("oci-layout", JSON_LIMIT);
  if (layout.toString("latin1") !== ociLayout)
    throw new Refusal(`oci-layout holds ${shown(layout.toString("latin1"))}.`, ociLayout);
  const bytes = await container.head("index.json", JSON_LIMIT);
  const signature = await container.head("index.json.sigstore.json", SIGNATURE_LIMIT);
  if (signature.length === 0)
    throw new Refusal("it is not signed: its signature is empty.", "a bundle signed by the vendor.");
  try {
    verifyBlob(publicKeyPem, bytes, signature.toString("utf8"));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Refusal(`index.json: ${error.what}.`, "a signature of these bytes, by the key that was given.");
  }
  const index = parseJson(bytes, indexShape, "index.json");
  checkIndex(index);
  return { index, indexDigest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

function checkBase(wanted: Base | undefined, { base, whole }: Inspection): void {
  if (!wanted) {
    if (base)
      throw new Refusal(
        "a base was given, and the bundle is whole.",
        "a base with a delta alone.",
        "Type the command again without `--base`.",
      );
    return;
  }
  const on = `on version ${shown(wanted.version)} (${wanted.index})`;
  if (whole) throw new Refusal(`it is a delta itself, ${on}.`, "a whole bundle.", "Name a whole bundle in its place.");
  if (!base)
    throw new Refusal(
      `it is a delta ${on}, and no base was given.`,
      "a delta together with its base.",
      "The base is the whole bundle of that version, which was delivered before this one.",
      "--base FILE",
    );
  if (base.indexDigest !== wanted.index || base.release.version !== wanted.version)
    throw new Refusal(
      `it is a delta ${on}; the base given is version ${base.release.version} (${base.indexDigest}).`,
      "its own base.",
      `Type the command again with \`--base FILE\`: the bundle of version ${shown(wanted.version)}, whole.`,
    );
}

async function readDocument(take: Taker, descriptor: Descriptor, base?: Inspected): Promise<Document> {
  const name = blobName(descriptor.digest);
  const bytes = await take.bytes(descriptor);
  if (bytes) return parseJson(bytes, isIndex(descriptor) ? indexShape : manifestShape, name);
  const document = base?.documents.get(descriptor.digest);
  if (!document) throw new Refusal(`${name} is named as a manifest, and is none in the base.`, "a manifest in both.");
  return document;
}

function releaseManifest(index: Index, documents: ReadonlyMap<string, Document>) {
  const document = documents.get(index.manifests[0]?.digest ?? "");
  if (!document) throw new Refusal("the release is not in the bundle.", "a release, in a delta too.");
  if (isIndexDocument(document) || document.artifactType !== mediaTypes.release)
    throw new Refusal(
      `the release is of type ${document.artifactType ?? document.mediaType}.`,
      `${mediaTypes.release}.`,
    );
  if (document.config.mediaType !== mediaTypes.release)
    throw new Refusal(`the release's description is of type ${document.config.mediaType}.`, `${mediaTypes.release}.`);
  return document;
}

/** Said before gigabytes are hashed in vain. */
function checkSize({ size }: Container, expected: number | undefined): void {
  if (expected === undefined || size === expected) return;
  throw size < expected
    ? new Refusal(`it has ${size} bytes: ${expected - size} are missing.`, `${expected} bytes, all parts together.`)
    : new Refusal(`it has ${size} bytes: ${size - expected} too many.`, `${expected} bytes, all parts together.`);
}
