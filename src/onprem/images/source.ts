// Image phase: what it needs of an open bundle. Everything that comes through here was held to the vendor's signature (PF-3).
import type { Readable } from "node:stream";
import type { Descriptor, Index } from "../format/descriptor";

/** The part of an open bundle that images come from, its base's included; an `OpenBundle` is one. */
export interface ImageSource {
  /** Verified against its signature. */
  readonly index: Index;
  /** Whole bytes of a small blob, checked. */
  read(descriptor: Descriptor): Promise<Buffer>;
  /** Bytes of a blob from `start`; ends with an error if the whole is not what the digest says. */
  stream(descriptor: Descriptor, start?: number): Readable;
  /** The same in pieces, each of which is good until the next one is asked for. */
  pieces(descriptor: Descriptor, start?: number): AsyncIterable<Buffer>;
}
