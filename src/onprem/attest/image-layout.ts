// Attest: one image of the vendor's registry as a layout on this machine, for as long as it is read. Only an image nobody has read yet comes here.
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../../toolchain/failure";
import { withTemporary } from "../../../toolchain/temporary";
import type { Descriptor, Manifest } from "../format/descriptor";
import { pullBlob } from "../registry/pull";
import type { RegistrySession } from "../registry/session";

export interface RemoteImage {
  repository: string;
  /** Of the manifest. */
  descriptor: Descriptor;
  manifest: Manifest;
  /** Bytes of the manifest. */
  bytes: Buffer;
}

/**
 * Fetches all blobs of one image into a temporary directory, which is removed when `work` ends, however it does.
 * @throws Failure when the registry gives something else, or nothing, or there is no room
 */
export async function withImageLayout<Result>(
  session: RegistrySession,
  image: RemoteImage,
  work: (layout: string) => Promise<Result>,
): Promise<Result> {
  return withTemporary("palisade-layout-", async layout => {
    await fetchInto(layout, session, image).catch((error: NodeJS.ErrnoException) => {
      if (!FULL.has(error.code ?? "")) throw error;
      throw new Failure(
        `${tmpdir()} has no room for the image ${image.repository}, which is read there for its SBOM: ${error.code}`,
        "Make room, or name a directory on a larger disk, then run the same command again: `export TMPDIR=DIRECTORY`",
      );
    });
    return work(layout);
  });
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

async function fetchInto(layout: string, session: RegistrySession, image: RemoteImage): Promise<void> {
  const { repository, descriptor, manifest, bytes } = image;
  const place = ({ digest }: Descriptor) => join(layout, "blobs", "sha256", digest.replace("sha256:", ""));
  await mkdir(join(layout, "blobs", "sha256"), { recursive: true });
  await writeFile(place(descriptor), bytes);
  // A layer may be in an image twice.
  const blobs = new Map([manifest.config, ...manifest.layers].map(blob => [blob.digest, blob]));
  for (const blob of blobs.values())
    await pipeline(pullBlob(session, repository, blob), createWriteStream(place(blob)));
}
