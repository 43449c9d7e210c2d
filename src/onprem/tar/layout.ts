// Tar: where each entry of a bundle lies, before any of it is written (PF-3). Pure; blobs can be written in parallel at their places.
import { closureOf, type Document } from "../format/closure";
import type { Descriptor, Index } from "../format/descriptor";
import { BLOCK, END, encodeHeader, paddingOf } from "./header";

/** The three that come first, so that all that follows is read by a list whose signature is known. */
export const headNames = ["oci-layout", "index.json", "index.json.sigstore.json"] as const;
export type HeadName = (typeof headNames)[number];

/** All of the file `oci-layout`. */
export const ociLayout = '{"imageLayoutVersion":"1.0.0"}';

/** One entry of the tar. */
export interface Entry {
  readonly name: string;
  /** Where its content starts, in bytes from the start of the tar; its header is the 512 bytes before. */
  readonly offset: number;
  /** Bytes of the content; zeros follow up to the next multiple of 512. */
  readonly size: number;
  /** The blob; nothing for the three files at the head. */
  readonly descriptor?: Descriptor;
}

/** Bytes of the index and of its signature, as they are written. */
export interface HeadSizes {
  readonly index: number;
  readonly signature: number;
}

/** Name of a blob in a bundle, such as `blobs/sha256/44136fa3…`. */
export function blobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/**
 * Every entry of a bundle in order. The header of each is `encodeHeader(name, size)`; after the last comes `END` bytes of zeros.
 *
 * @param manifests every manifest and nested index that the index leads to, by digest, also those that a delta leaves out
 * @param have digests that a delta's base holds, which it leaves out; empty for a whole bundle
 * @throws Failure if a manifest is absent or a blob is above 8 GiB - 1
 */
export function layoutOf(
  index: Index,
  manifests: ReadonlyMap<string, Document>,
  sizes: HeadSizes,
  have: ReadonlySet<string> = new Set(),
): Entry[] {
  const head = [ociLayout.length, sizes.index, sizes.signature];
  const wanted = [
    ...headNames.map((name, at) => ({ name, size: head[at] ?? 0, descriptor: undefined })),
    ...closureOf(index, manifests)
      .filter(({ digest }) => !have.has(digest))
      .map(descriptor => ({ name: blobName(descriptor.digest), size: descriptor.size, descriptor })),
  ];
  let at = 0;
  return wanted.map(entry => {
    encodeHeader(entry.name, entry.size);
    const offset = at + BLOCK;
    at = offset + entry.size + paddingOf(entry.size);
    return { ...entry, offset };
  });
}

/** Bytes of the whole tar. */
export function totalOf(entries: readonly Entry[]): number {
  const last = entries.at(-1);
  return (last ? last.offset + last.size + paddingOf(last.size) : 0) + END;
}
