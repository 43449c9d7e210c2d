// Registry: what is attached to an image (signatures, provenance), where every tool finds it: the referrers API, or its fallback tag (RT-12).
import { createHash } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { type Descriptor, type Index, index, mediaTypes } from "../format/descriptor";
import { type ManifestSource, manifestDigest, putManifest } from "./push";
import type { RegistrySession } from "./session";

/** Largest list of referrers that is read, in bytes. */
const LARGEST = 4 * 1024 * 1024;
/** Others may write the same tag at the same time; they lose nothing in as many rounds. */
const ROUNDS = 5;

/** What a repository lists for a subject. */
export interface Referrers {
  /** Whether the registry keeps the list by itself. */
  api: boolean;
  manifests: readonly Descriptor[];
}

/** Tag that lists the referrers of a subject where the registry does not: `sha256-` and 64 hexadecimal digits. */
export function fallbackTag(subject: string): string {
  return subject.replace(":", "-");
}

/**
 * The referrers of a subject.
 * @throws Failure when the list is larger than 4 MiB or no index
 */
export async function referrersOf(
  session: RegistrySession,
  repository: string,
  subject: string,
  signal?: AbortSignal,
): Promise<Referrers> {
  const api = await ask(session, repository, `referrers/${subject}`, signal);
  const listed = api && parse(api);
  if (listed) return { api: true, manifests: listed.manifests };
  return { api: false, manifests: await underTag(session, repository, subject, signal) };
}

/**
 * Puts a referrer into the repository of its subject and sees that it is listed; what is there already is not sent again.
 * Its blobs must be there.
 * @returns whether anything was sent
 * @throws Failure when the list under the tag is no index, or others write it faster than we can
 */
export async function pushReferrer(
  session: RegistrySession,
  repository: string,
  referrer: ManifestSource & Pick<Descriptor, "artifactType" | "annotations">,
  subject: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const before = await referrersOf(session, repository, subject, signal);
  const there = (await manifestDigest(session, repository, referrer.digest, signal)) !== undefined;
  const isListed = before.manifests.some(({ digest }) => digest === referrer.digest);
  if (there && isListed) return false;
  const { listed } = await putManifest(session, repository, referrer, referrer.digest, signal);
  if (listed || before.api || isListed) return true;
  await addToTag(session, repository, referrer, subject, signal);
  return true;
}

async function addToTag(
  session: RegistrySession,
  repository: string,
  {
    digest,
    mediaType,
    bytes,
    artifactType,
    annotations,
  }: ManifestSource & Pick<Descriptor, "artifactType" | "annotations">,
  subject: string,
  signal?: AbortSignal,
): Promise<void> {
  const entry = { mediaType, digest, size: bytes.length, artifactType, annotations };
  for (let round = 1; round <= ROUNDS; round++) {
    const manifests = await underTag(session, repository, subject, signal);
    if (manifests.some(other => other.digest === digest)) return;
    const list = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...manifests, entry] };
    const text = Buffer.from(JSON.stringify(list));
    const source = {
      digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      mediaType: mediaTypes.index,
      bytes: text,
    };
    await putManifest(session, repository, source, fallbackTag(subject), signal);
  }
  // Read once more: the last round's own entry is seen only here.
  if ((await underTag(session, repository, subject, signal)).some(other => other.digest === digest)) return;
  throw new Failure(
    `registry ${session.address.host}: the tag ${repository}:${fallbackTag(subject)} changes whenever it was written`,
    "Let nobody else sign or push this image at the same time; then run the same command again.",
  );
}

async function underTag(
  session: RegistrySession,
  repository: string,
  subject: string,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(subject);
  const body = await ask(session, repository, `manifests/${tag}`, signal);
  if (!body) return [];
  const list = parse(body);
  if (list) return list.manifests;
  throw new Failure(
    `registry ${session.address.host}: ${repository}:${tag} is no list of referrers`,
    "The tag belongs to what is attached to that image. See who wrote it, and remove it.",
  );
}

async function ask(session: RegistrySession, repository: string, path: string, signal?: AbortSignal) {
  const headers = { accept: mediaTypes.index };
  // Some registries have no such path, and say so in other ways than 404.
  const expect = path.startsWith("referrers/") ? [200, 400, 404, 405, 406] : [200, 404];
  const { status, body } = await session.bytes({ method: "GET", repository, path, headers, expect, signal }, LARGEST);
  return status === 200 ? body : undefined;
}

function parse(body: Buffer): Index | undefined {
  try {
    return index.parse(JSON.parse(body.toString("utf8")));
  } catch {
    return undefined;
  }
}
