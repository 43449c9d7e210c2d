// Registry: one blob's upload, over as many connections as it takes. What was cut goes on at the byte that the registry has (RT-12).
import { Failure } from "../../../toolchain/failure";
import { type Answered, ATTEMPTS, pushFailure, readAnswer, reasonOf } from "./refusal";
import type { Ask, RegistrySession } from "./session";

/** A blob to be pushed. */
export interface BlobSource {
  digest: string;
  /** Bytes. */
  size: number;
  /** Its bytes from `start`, each piece good until the next one is asked for; called anew for each try. */
  open(start: number): AsyncIterable<Buffer>;
}

export interface UploadOptions {
  /** Where to upload it, if the registry said so already. */
  place?: string;
  /** Whether the registry has it by now: the answer to an upload may be all that was lost. */
  arrived: () => Promise<boolean>;
  /** Bytes of it that were sent, each time some were. Falls back when a try begins again. */
  onBytes?: (sent: number) => void;
  signal?: AbortSignal;
}

/** Bytes that tries are counted anew for: fewer, time and again, would be without end. */
const WORTH_IT = 1024 * 1024;

/** Every answer that is judged here and not by the session, which would send the same bytes again. */
const JUDGED = [201, 202, 204, 400, 403, 404, 405, 409, 413, 416, 429, 500, 502, 503, 504, 507];

/**
 * Sends a blob; the registry holds it to its digest. Tries are bounded, and counted anew for each further 1 MiB that got there.
 * @throws PushFailure when the registry has no room, refuses, or is cut too often; Failure of the source as it is
 */
export async function uploadBlob(
  session: RegistrySession,
  repository: string,
  blob: BlobSource,
  { place, arrived, onBytes, signal }: UploadOptions,
): Promise<void> {
  let upload: { place?: string; at: number } = { place, at: 0 };
  let furthest = 0;
  const ask = async (part: Pick<Ask, "method" | "path" | "location" | "headers" | "body">, attempts?: number) =>
    readAnswer(await session.ask({ ...part, repository, attempts, expect: JUDGED, signal }));

  for (let tries = 1; ; tries++) {
    const why = await send();
    if (why === undefined) return;
    if (tries >= Math.min(ATTEMPTS[reasonOf(why)], session.attempts)) {
      await abandon();
      throw pushFailure(session.address.host, `blob ${blob.digest} of ${repository}`, why, tries);
    }
    await session.pause(tries, signal);
    if (await arrived()) return;
    upload = await state();
    if (upload.at - furthest >= WORTH_IT) {
      furthest = upload.at;
      tries = 0;
    }
  }

  /** @returns what went wrong */
  async function send(): Promise<Answered | Failure | undefined> {
    let broken: Failure | undefined;
    const from = upload.at;
    const open = async function* () {
      let sent = from;
      try {
        for await (const piece of blob.open(from)) {
          sent += piece.length;
          onBytes?.(sent);
          yield piece;
        }
      } catch (error) {
        // What the bundle says of its own bytes is no fault of the registry's.
        if (error instanceof Failure) broken = error;
        throw error;
      }
    };
    const body = { size: blob.size - from, open };
    const headers = { "content-type": "application/octet-stream" };
    try {
      if (upload.place === undefined) {
        const begun = await ask({ method: "POST", path: "blobs/uploads/", headers: EMPTY });
        if (begun.status !== 202 || !begun.location) return begun;
        upload.place = begun.location;
      }
      if (from === 0) return end(await ask({ method: "PUT", location: closing(upload.place), headers, body }, 1));
      const range = { "content-range": `${from}-${blob.size - 1}` };
      const sent = await ask({ method: "PATCH", location: upload.place, headers: { ...headers, ...range }, body }, 1);
      if (sent.status !== 202) return sent;
      upload.place = sent.location ?? upload.place;
      return end(await ask({ method: "PUT", location: closing(upload.place), headers: EMPTY }, 1));
    } catch (error) {
      if (broken) throw broken;
      if (signal?.aborted || !(error instanceof Failure)) throw error;
      return error;
    }
  }

  function closing(location: string): string {
    return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(blob.digest)}`;
  }

  /** Where to go on: what the registry has of the upload, or nothing, if it knows none any more. */
  async function state(): Promise<{ place?: string; at: number }> {
    if (upload.place === undefined) return { at: 0 };
    const known = await ask({ method: "GET", location: upload.place });
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(known.range ?? "")?.[1] ?? 0);
    // "0-0" says nothing: some registries mean one byte by it, others none.
    if (known.status === 204 && last > 0 && last < blob.size - 1)
      return { place: known.location ?? upload.place, at: last + 1 };
    await abandon();
    return { at: 0 };
  }

  /** Lets the registry drop what it has of the upload: on a full disk it is in the way. */
  async function abandon(): Promise<void> {
    if (upload.place === undefined) return;
    await ask({ method: "DELETE", location: upload.place }, 1).catch(() => undefined);
  }
}

const EMPTY = { "content-length": "0" };

/** An upload is at its end with 201; some registries say 204. */
const end = (answer: Answered) => (answer.status === 201 || answer.status === 204 ? undefined : answer);
