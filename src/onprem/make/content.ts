// Make: where the bytes of a blob come from: memory, a file of this machine, or the vendor's registry.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { Failure } from "../../../toolchain/failure";
import type { Descriptor } from "../format/descriptor";
import { blobChunks, type Sum } from "../registry/pull";
import type { RegistrySession } from "../registry/session";

/** A file of this machine, hashed when it was found, and read as it is needed. */
export interface FileContent extends Pick<Descriptor, "digest" | "size"> {
  path: string;
}

/** Bytes in memory, or a file. */
export type Content = Buffer | FileContent;

/** Where a blob's bytes come from. */
export type Origin = Content | { repository: string };

const CHUNK = 1024 * 1024;

/** Finds a file: it is read through once, not into memory. Whoever uses it later refuses other bytes. */
export async function fileContent(path: string): Promise<FileContent> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunksOf(path)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { path, digest: `sha256:${hash.digest("hex")}`, size };
}

/** Digest and size. */
export function measure(content: Content): Pick<Descriptor, "digest" | "size"> {
  if (!Buffer.isBuffer(content)) return { digest: content.digest, size: content.size };
  return { digest: `sha256:${createHash("sha256").update(content).digest("hex")}`, size: content.length };
}

/**
 * The bytes of a blob, hashed once as they pass. Each chunk is good until the next one is asked for.
 * @param sum hashes those of a registry
 * @throws Failure at the end at the latest, if they are not what the digest says
 */
export async function* bytesOf(
  blob: Descriptor,
  origin: Origin,
  session: RegistrySession,
  { signal, sum }: { signal?: AbortSignal; sum?: Sum } = {},
): AsyncGenerator<Buffer> {
  // What lies in memory was hashed there.
  if (Buffer.isBuffer(origin)) yield origin;
  else if ("repository" in origin) yield* blobChunks(session, origin.repository, blob, { signal, sum });
  else yield* bytesOfFile(origin);
}

/**
 * The bytes of a file, hashed as they pass. Each chunk is good until the next one is asked for.
 * @throws Failure at the end at the latest, if they are not those that were found
 */
export async function* bytesOfFile(file: FileContent): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunksOf(file.path)) {
    size += chunk.length;
    if (size > file.size) break;
    hash.update(chunk);
    yield chunk;
  }
  if (size !== file.size || `sha256:${hash.digest("hex")}` !== file.digest)
    throw new Failure(
      `${file.path} was altered while it was used`,
      "Let nothing write to it, then run the same command again.",
    );
}

/** In one buffer: a stream takes a new one for each chunk, faster than they are given back. */
async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
