// Bundle: a bundle that was verified, ready to be read from: out of the file itself, nothing is unpacked (PF-3).
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Descriptor, Index } from "../format/descriptor";
import { Refusal } from "../format/refusal";
import type { Release } from "../format/release";
import { blobName } from "../tar/layout";
import type { Container } from "./container";
import type { Inspected } from "./inspect";

/** Bytes of a blob that may be held in memory. */
const READ_LIMIT = 64 * 1024 * 1024;
/** Bytes of a piece of a stream; two are held for each. */
const CHUNK = 256 * 1024;

export interface OpenBundle {
  /** Verified against its signature. */
  readonly index: Index;
  /** `sha256:…` of index.json. */
  readonly indexDigest: string;
  readonly release: Release;
  /**
   * Whole bytes of a blob, held against its digest once more.
   * @throws Failure if the blob is not there, larger than 64 MiB, or altered since
   */
  read(descriptor: Descriptor): Promise<Buffer>;
  /**
   * Bytes of a blob, from `start` (0 unless told). From 0 the last piece comes only once the whole is as its digest says; else the
   * stream ends with an error. From anywhere else nothing can be said of the digest: whoever goes on with a push lets the registry check it.
   */
  stream(descriptor: Descriptor, start?: number): Readable;
  /** The same in pieces, each of which is good until the next one is asked for: two buffers serve for the whole of it. */
  pieces(descriptor: Descriptor, start?: number): AsyncIterable<Buffer>;
  /** A file of the release.
   * @throws Failure if there is none of this title */
  file(title: string): Promise<Buffer>;
  /** What the release calls a file, to be streamed; undefined if there is none of this title. */
  fileDescriptor(title: string): Descriptor | undefined;
  /** Titles of the release's files. */
  readonly titles: readonly string[];
  close(): Promise<void>;
}

/** @param base where a delta finds what it lacks; closed with it */
export function opened(inspected: Inspected, container: Container, base?: OpenBundle): OpenBundle {
  const { index, indexDigest, release, files, here } = inspected;
  /** From here, or else from the base. */
  const found = <Result>(
    descriptor: Descriptor,
    from: { here: (known: Descriptor) => Result; base: (base: OpenBundle) => Result },
  ): Result => {
    const known = here.get(descriptor.digest);
    if (known) return from.here(known);
    if (base) return from.base(base);
    throw absent(descriptor);
  };
  const stream = (descriptor: Descriptor, start = 0): Readable =>
    found(descriptor, {
      here: known => Readable.from(piecesOf(container, known, start), { objectMode: false, highWaterMark: CHUNK }),
      base: base => base.stream(descriptor, start),
    });
  const pieces = (descriptor: Descriptor, start = 0): AsyncIterable<Buffer> =>
    found(descriptor, {
      here: known => piecesOf(container, known, start, twoInTurn(Math.min(CHUNK, known.size))),
      base: base => base.pieces(descriptor, start),
    });
  const read = async (descriptor: Descriptor): Promise<Buffer> =>
    found(descriptor, { here: known => wholeOf(container, known), base: base => base.read(descriptor) });
  return {
    index,
    indexDigest,
    release,
    titles: [...files.keys()],
    read,
    stream,
    pieces,
    fileDescriptor: title => files.get(title),
    file: async title => {
      const descriptor = files.get(title);
      if (descriptor) return read(descriptor);
      throw new Refusal(`the release has no file ${title}.`, `one of ${[...files.keys()].join(", ")}.`);
    },
    close: async () => {
      await container.close();
      await base?.close();
    },
  };
}

/** @throws Refusal above READ_LIMIT bytes */
async function wholeOf(container: Container, known: Descriptor): Promise<Buffer> {
  if (known.size > READ_LIMIT)
    throw new Refusal(`${blobName(known.digest)} has ${known.size} bytes.`, `at most ${READ_LIMIT} bytes at once.`);
  const parts: Buffer[] = [];
  for await (const piece of piecesOf(container, known, 0)) parts.push(piece);
  return Buffer.concat(parts);
}

/** Gives two buffers in turn: one is filled while the other is used. */
function twoInTurn(size: number): (bytes: number) => Buffer {
  let [one, other] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  return bytes => {
    [one, other] = [other, one];
    return one.subarray(0, bytes);
  };
}

/**
 * The next piece is read while the one before is used.
 * @param buffer what a piece is read into; one of its own unless given
 */
async function* piecesOf(
  container: Container,
  blob: Descriptor,
  start: number,
  buffer: (bytes: number) => Buffer = Buffer.allocUnsafeSlow,
): AsyncGenerator<Buffer> {
  if (!Number.isInteger(start) || start < 0 || start > blob.size)
    throw new RangeError(`start ${start} of a blob of ${blob.size} bytes`);
  const { source, offset, done } = await container.opened(blob);
  const hash = start === 0 ? createHash("sha256") : undefined;
  const load = async (from: number): Promise<Buffer> => {
    const piece = buffer(Math.min(CHUNK, blob.size - from));
    const length = await source.read(piece, offset + from);
    if (length === piece.length) return piece;
    throw new Refusal(
      `${blobName(blob.digest)} has become shorter since it was verified.`,
      "nothing else writes to a bundle.",
    );
  };
  let next = load(start);
  try {
    for (let at = start, last = false; !last; ) {
      const piece = await next;
      at += piece.length;
      last = at === blob.size;
      if (!last) {
        next = load(at);
        // Whoever awaits it sees the failure; nobody does if the reader leaves.
        next.catch(() => undefined);
      }
      hash?.update(piece);
      if (last && hash) check(blob, hash.digest("hex"));
      if (piece.length > 0) yield piece;
    }
  } finally {
    await next.catch(() => undefined);
    await done();
  }
}

function check({ digest }: Descriptor, found: string): void {
  if (digest !== `sha256:${found}`)
    throw new Refusal(`${blobName(digest)} was altered since it was verified.`, "nothing else writes to a bundle.");
}

function absent({ digest }: Descriptor): Refusal {
  return new Refusal(
    `${blobName(digest)} is not in the bundle.`,
    "a blob of the bundle, or of its base where that was given.",
  );
}
