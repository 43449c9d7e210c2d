// Bundle: what a tar and a directory have in common for whoever verifies: the files at the head, then blobs, then nothing more.
import type { Descriptor } from "../format/descriptor";
import type { HeadName } from "../tar/layout";
import type { Source } from "./source";

/** Bytes of a blob, ready to be read at any place. */
export interface Opened {
  readonly source: Source;
  /** Where the blob starts in the source. */
  readonly offset: number;
  /** To be called when no more is read. */
  done(): Promise<void>;
}

/** Taken in the order of a bundle; each call comes after the one before has ended. */
export interface Container {
  /** Bytes in all. */
  readonly size: number;
  /** Content of a file at the head.
   * @throws Refusal if it is absent or larger than `limit` bytes */
  head(name: HeadName, limit: number): Promise<Buffer>;
  /** @param sink gets each byte once, in order, in pieces that are good during the call; without it the bytes are left unread
   * @throws Refusal if the blob is absent, or anything else is in its place */
  take(blob: Descriptor, sink?: (chunk: Buffer) => void): Promise<void>;
  /** @throws Refusal if there is more than was taken */
  end(): Promise<void>;
  /** Opens a blob that was taken. */
  opened(blob: Descriptor): Promise<Opened>;
  /** Bytes the container has to have when these are all blobs still to be taken; nothing if that says nothing. */
  expected(blobs: readonly Descriptor[]): number | undefined;
  close(): Promise<void>;
}
