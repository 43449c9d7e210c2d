// Registry: blobs and manifests on their way in. Each is asked for before it is sent, so that nothing is sent twice (RT-12).
import { Failure } from "../../../toolchain/failure";
import type { Descriptor } from "../format/descriptor";
import { type Answered, ATTEMPTS, pushFailure, readAnswer, reasonOf } from "./refusal";
import type { RegistrySession } from "./session";
import { type BlobSource, uploadBlob } from "./upload";

export interface PushBlobOptions {
  /** A repository of the same registry that has the blob, without the address's prefix: it is asked to lend it. */
  mountFrom?: string;
  /** Whether it was asked for already and is not there; false. */
  lacking?: boolean;
  /** Bytes of it that were sent, each time some were. Falls back when a try begins again. */
  onBytes?: (sent: number) => void;
  signal?: AbortSignal;
}

/** How a blob got there. */
export type BlobOutcome = "present" | "mounted" | "pushed";

/** Whether a repository has a blob, in its whole size. */
export async function hasBlob(
  session: RegistrySession,
  repository: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `blobs/${digest}`;
  const answer = await session.ask({ method: "HEAD", repository, path, expect: [200, 404], signal });
  answer.body.resume();
  const length = answer.headers["content-length"];
  return answer.status === 200 && (length === undefined || Number(length) === size);
}

/**
 * Puts a blob into a repository: asks for it, asks another repository to lend it, and only then sends it.
 * @throws PushFailure naming the blob, the repository, the registry, what it said and what to do
 */
export async function pushBlob(
  session: RegistrySession,
  repository: string,
  blob: BlobSource,
  { mountFrom, lacking = false, onBytes, signal }: PushBlobOptions = {},
): Promise<BlobOutcome> {
  const arrived = () => hasBlob(session, repository, blob, signal);
  if (!lacking && (await arrived())) return "present";
  const answer =
    mountFrom === undefined ? undefined : await mountBlob(session, repository, blob.digest, mountFrom, signal);
  if (answer?.status === 201) return "mounted";
  const place = answer?.status === 202 ? answer.location : undefined;
  await uploadBlob(session, repository, blob, { place, arrived, onBytes, signal });
  return "pushed";
}

/**
 * Asks a registry to take a blob over from one of its other repositories.
 * @returns its answer: 201 if it did; 202 if it wants the blob itself; anything else means no as well
 */
async function mountBlob(
  session: RegistrySession,
  repository: string,
  digest: string,
  from: string,
  signal?: AbortSignal,
): Promise<Answered> {
  const lender = session.repositoryPath(from);
  return readAnswer(
    await session.ask({
      method: "POST",
      repository,
      path: `blobs/uploads/?mount=${digest}&from=${encodeURIComponent(lender)}`,
      headers: { "content-length": "0" },
      alsoScope: `repository:${lender}:pull`,
      expect: [201, 202, 400, 403, 404, 405],
      signal,
    }),
  );
}

/** A manifest or an index, as it lies in a bundle. */
export interface ManifestSource {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

/** Every type that a reference may have, so that no registry converts one into another. */
const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** The digest of what a repository has under a tag or a digest; undefined if nothing. */
export async function manifestDigest(
  session: RegistrySession,
  repository: string,
  reference: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const path = `manifests/${reference}`;
  const headers = { accept: ACCEPT };
  const answer = await session.ask({ method: "HEAD", repository, path, headers, expect: [200, 404], signal });
  answer.body.resume();
  if (answer.status === 404) return undefined;
  const said = answer.headers["docker-content-digest"];
  // A registry that does not say it has at least what was asked for by digest.
  return typeof said === "string" ? said : reference;
}

/**
 * Puts a manifest into a repository that has all it names.
 * @param reference its digest, or a tag
 * @returns whether the registry lists it as a referrer of its subject by itself
 * @throws PushFailure naming the manifest, the repository, the registry, what it said and what to do
 */
export async function putManifest(
  session: RegistrySession,
  repository: string,
  { digest, mediaType, bytes }: ManifestSource,
  reference: string = digest,
  signal?: AbortSignal,
): Promise<{ listed: boolean }> {
  for (let tries = 1; ; tries++) {
    const why = await session
      .ask({
        method: "PUT",
        repository,
        path: `manifests/${reference}`,
        headers: { "content-type": mediaType },
        body: bytes,
        expect: [200, 201, 202, 400, 403, 404, 405, 409, 413, 429, 500, 502, 503, 504, 507],
        signal,
      })
      .then(readAnswer)
      .catch((error: unknown) => {
        if (error instanceof Failure && !signal?.aborted) return error;
        throw error;
      });
    if (!(why instanceof Failure) && why.status < 300) return { listed: why.subject !== undefined };
    // The session itself has tried a cut often enough.
    if (why instanceof Failure || tries >= Math.min(ATTEMPTS[reasonOf(why)], session.attempts))
      throw pushFailure(session.address.host, `manifest ${digest} of ${repository}`, why, tries);
    await session.pause(tries, signal);
  }
}
