// Registry: manifests and blobs by digest. What comes is what was asked for, or an error (PF-3, RT-12).
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { Failure } from "../../../toolchain/failure";
import { type Descriptor, mediaTypes } from "../format/descriptor";
import type { Ask, RegistrySession } from "./session";
import { Cut, type Incoming } from "./wire";

/** Largest manifest or index, in bytes; registries have the same limit. */
const LARGEST_MANIFEST = 4 * 1024 * 1024;

/** Bytes that make a connection worth its try: fewer, time and again, would be without end. */
const WORTH_IT = 1024 * 1024;

/** Bytes from which on a blob is worth a connection of its own. */
const LARGE = 1024 * 1024;

type Got = { status: number; headers: IncomingHttpHeaders; body: Incoming };
type Asking = (ask: Ask) => Promise<Got>;

const ACCEPT = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest].join(", ");
const TYPES: ReadonlySet<string> = new Set(ACCEPT.split(", "));

/**
 * A manifest or an index by its digest.
 * @throws Failure when its bytes have another digest, it is larger than 4 MiB, or of no type that a bundle holds
 */
export async function pullManifest(
  session: RegistrySession,
  repository: string,
  digest: string,
  signal?: AbortSignal,
): Promise<{ bytes: Buffer; mediaType: string }> {
  const path = `manifests/${digest}`;
  const ask = { method: "GET", repository, path, headers: { accept: ACCEPT }, expect: [200], signal } as const;
  const { body, headers } = await session.bytes(ask, LARGEST_MANIFEST);
  const actual = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  if (actual !== digest) throw wrongDigest(session, repository, digest, actual);
  const mediaType = typeOf(body) ?? headers["content-type"]?.split(";")[0]?.trim() ?? "";
  if (!TYPES.has(mediaType))
    throw new Failure(
      `${repository}@${digest} is of type ${JSON.stringify(mediaType.slice(0, 100))}`,
      `Allowed are OCI and Docker schema 2: ${ACCEPT}. Push the image again with a tool of this century.`,
    );
  return { bytes: body, mediaType };
}

/** What the signed bytes say themselves counts more than a header beside them. */
function typeOf(bytes: Buffer): string | undefined {
  try {
    const { mediaType } = JSON.parse(bytes.toString("utf8")) as { mediaType?: unknown };
    return typeof mediaType === "string" ? mediaType : undefined;
  } catch {
    return undefined;
  }
}

/** A SHA-256 under way. */
export interface Sum {
  update(chunk: Buffer): unknown;
  /** With its algorithm before it. */
  digest(): string | Promise<string>;
}

export interface PullOptions {
  /** Also checked against the digest at the end; true. Off only for who hashes the same bytes anyway. */
  check?: boolean;
  signal?: AbortSignal;
}

/**
 * A blob, as a stream. A connection that is cut is taken up where it was, by Range; a registry that does not know Range sends
 * from the start, and what was had already is skipped. Tries are bounded, and counted anew after each that brought 1 MiB.
 * @returns a stream that ends after exactly `size` bytes of this digest, or with an error: Failure, after the last try
 */
export function pullBlob(
  session: RegistrySession,
  repository: string,
  blob: Pick<Descriptor, "digest" | "size">,
  { check = true, signal }: PullOptions = {},
): Readable {
  const sum = check ? sumHere() : undefined;
  return Readable.from(chunksOf(session.ask, session, repository, blob, sum, signal), { objectMode: false });
}

/**
 * The same, as chunks each of which is good only until the next one is asked for: large blobs pass in few buffers.
 * @param sum checks it; may still be at a chunk while the chunk is used
 */
export function blobChunks(
  session: RegistrySession,
  repository: string,
  blob: Pick<Descriptor, "digest" | "size">,
  { signal, sum = sumHere() }: { signal?: AbortSignal; sum?: Sum } = {},
): AsyncGenerator<Buffer> {
  return chunksOf(blob.size < LARGE ? session.ask : session.large, session, repository, blob, sum, signal);
}

function sumHere(): Sum {
  const hash = createHash("sha256");
  return { update: chunk => void hash.update(chunk), digest: () => `sha256:${hash.digest("hex")}` };
}

async function* chunksOf(
  ask: Asking,
  session: RegistrySession,
  repository: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  sum: Sum | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  let had = 0;
  for (let tries = 1; ; tries++) {
    const before = had;
    const answer = await from(ask, repository, digest, had, signal);
    let skip = had - startOf(answer, session, repository, digest, had);
    let why = "it was shorter than announced";
    try {
      for await (let chunk of answer.body) {
        if (skip >= chunk.length) {
          skip -= chunk.length;
          continue;
        }
        if (skip > 0) chunk = chunk.subarray(skip);
        skip = 0;
        had += chunk.length;
        if (had > size) throw tooLong(session, repository, digest, size);
        const summed = sum?.update(chunk);
        yield chunk;
        await summed;
        // A registry that announces no length would let us wait for an end that need not come.
        if (had === size && answer.headers["content-length"] === undefined) break;
      }
    } catch (error) {
      if (error instanceof Failure || signal?.aborted) throw error;
      why = error instanceof Cut ? error.message : "the connection was cut";
    } finally {
      if (!answer.body.complete) answer.body.destroy();
    }
    if (had === size) break;
    if (had - before >= WORTH_IT) tries = 0;
    if (tries >= session.attempts)
      throw new Failure(
        `registry ${session.address.host}: ${repository}@${digest}: ${why}, after ${had} of ${size} bytes (tried ${tries} times)`,
        "See that the registry runs and the network holds; then run the same command again: it goes on where it was.",
      );
    await session.pause(Math.max(tries, 1), signal);
  }
  const actual = sum ? await sum.digest() : digest;
  if (actual !== digest) throw wrongDigest(session, repository, digest, actual);
}

function from(ask: Asking, repository: string, digest: string, start: number, signal?: AbortSignal): Promise<Got> {
  return ask({
    method: "GET",
    repository,
    path: `blobs/${digest}`,
    // Layers are compressed already, and must come as they are.
    headers: { "accept-encoding": "identity", ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
    expect: start > 0 ? [200, 206] : [200],
    signal,
  });
}

/** Where an answer begins. */
function startOf(answer: Got, session: RegistrySession, repository: string, digest: string, wanted: number): number {
  if (answer.status === 200) return 0;
  const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1];
  if (start === undefined || Number(start) > wanted) {
    answer.body.destroy();
    throw new Failure(
      `registry ${session.address.host}: ${repository}@${digest}: bytes from ${wanted} on were asked for, others came`,
      "The registry, or a proxy before it, does not obey Range. Name the registry itself.",
    );
  }
  return Number(start);
}

const tooLong = (session: RegistrySession, repository: string, digest: string, size: number) =>
  new Failure(
    `registry ${session.address.host}: ${repository}@${digest} is longer than the ${size} bytes that its manifest says`,
    "Its storage is damaged, or it was tampered with. Push the image again.",
  );

const wrongDigest = (session: RegistrySession, repository: string, digest: string, actual: string) =>
  new Failure(
    `registry ${session.address.host}: ${repository}@${digest} came with the digest ${actual}`,
    "Its storage is damaged, or it was tampered with. Push the image again.",
  );
