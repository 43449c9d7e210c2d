// Make: a plan into its target: blobs in parallel, each right to its place, hashed once as they pass, nowhere else on the disk (PF-3, RT-12).
import { createHash } from "node:crypto";
import type { RegistrySession } from "../registry/session";
import { BLOCK, END, encodeHeader, paddingOf } from "../tar/header";
import { type Entry, headNames, ociLayout } from "../tar/layout";
import { bytesOf, type Origin } from "./content";
import { HashThread } from "./hash-thread";
import type { Plan } from "./plan";
import type { Target } from "./target";

export interface WriteOptions {
  /** Blobs at once; 6. */
  parallel?: number;
  /** Told of bytes of blobs that are in their places now; `kept`: they were already, from an earlier making. */
  progress?: (bytes: number, kept: boolean) => void;
  signal?: AbortSignal;
}

const PARALLEL = 6;
/** Bytes read at once. */
const PIECE = 1024 * 1024;
const PROBE = 4096;
/** Bytes of a blob from which on another thread hashes it. */
const WORTH_A_THREAD = 4 * 1024 * 1024;

/**
 * Writes every byte of a plan, padding and all, so that it does not matter what the target held before. Blobs that it holds
 * at their places, by their digests, are kept.
 * @throws the first error; what is in its place then stays there
 */
export async function writePlan(
  plan: Plan,
  target: Target,
  session: RegistrySession,
  { parallel = PARALLEL, progress = () => undefined, signal: given }: WriteOptions = {},
): Promise<void> {
  const head: Record<string, Buffer> = {
    [headNames[0]]: Buffer.from(ociLayout),
    [headNames[1]]: plan.indexBytes,
    [headNames[2]]: plan.signature,
  };
  const stop = new AbortController();
  const thread = new HashThread();
  const signal = given ? AbortSignal.any([given, stop.signal]) : stop.signal;
  const place = async (entry: Entry): Promise<void> => {
    const origin = entry.descriptor ? plan.origins.get(entry.descriptor.digest) : head[entry.name];
    if (origin === undefined) throw new Error(`nothing gives ${entry.name}`);
    const kept = !Buffer.isBuffer(origin) && (await isWhole(entry, target));
    if (kept) progress(entry.size, true);
    else await pour(entry, origin);
  };
  const pour = async (entry: Entry, origin: Origin): Promise<void> => {
    const blob = entry.descriptor;
    let before: Buffer[] = [encodeHeader(entry.name, entry.size)];
    let at = entry.offset - BLOCK;
    const sum = entry.size < WORTH_A_THREAD ? undefined : thread.sum();
    for await (const chunk of blob ? bytesOf(blob, origin, session, { signal, sum }) : [origin as Buffer]) {
      const chunks = [...before, chunk];
      await target.write(chunks, at);
      at += chunks.reduce((sum, { length }) => sum + length, 0);
      before = [];
      if (blob) progress(chunk.length, false);
    }
    await target.write([...before, Buffer.alloc(paddingOf(entry.size))], at);
  };

  await target.write([Buffer.alloc(END)], plan.total - END);
  // What is here already first, then the largest: no large one is left for the end, when its worker would be alone.
  const size = (entry: Entry) => (isRemote(plan, entry) ? entry.size : Number.POSITIVE_INFINITY);
  const queue = [...plan.entries].sort((a, b) => size(b) - size(a) || a.offset - b.offset).values();
  let failed: { error: unknown } | undefined;
  const worker = async () => {
    for (const entry of queue) {
      signal.throwIfAborted();
      await place(entry);
    }
  };
  await Promise.all(
    Array.from({ length: parallel }, () =>
      worker().catch((error: unknown) => {
        failed ??= { error };
        stop.abort();
      }),
    ),
  );
  await thread.close();
  if (failed) throw failed.error;
}

function isRemote(plan: Plan, { descriptor }: Entry): boolean {
  const origin = descriptor && plan.origins.get(descriptor.digest);
  return origin !== undefined && !Buffer.isBuffer(origin) && "repository" in origin;
}

/** Whether the target has an entry already. Where an earlier making did not come to the end of one, its last bytes are none. */
async function isWhole({ name, offset, size, descriptor }: Entry, target: Target): Promise<boolean> {
  if (!(await target.read(offset - BLOCK, BLOCK)).equals(encodeHeader(name, size))) return false;
  const probe = Math.min(PROBE, size);
  const end = await target.read(offset + size - probe, probe);
  if (end.length < probe || !end.some(byte => byte !== 0)) return false;
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += PIECE) hash.update(await target.read(offset + at, Math.min(PIECE, size - at)));
  if (descriptor?.digest !== `sha256:${hash.digest("hex")}`) return false;
  await target.write([Buffer.alloc(paddingOf(size))], offset + size);
  return true;
}
