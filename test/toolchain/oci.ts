// Toolchain tests: what a signing client sends to a registry over the plain protocol: blobs, manifests, and the tag that stands in for the referrers API.
import { createHash } from "node:crypto";
import type { Referrer } from "../../src/onprem/attest/referrer";
import { type Descriptor, type Index, mediaTypes } from "../../src/onprem/format/descriptor";

/** Sends a blob. */
async function putBlob(repository: string, bytes: Buffer): Promise<void> {
  const { headers } = await asked(await fetch(`${repository}/blobs/uploads/`, { method: "POST" }), 202);
  const place = new URL(headers.get("location") ?? "", `${new URL(repository).origin}/`);
  place.searchParams.set("digest", `sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  const body = new Uint8Array(bytes);
  await asked(
    await fetch(place, { method: "PUT", body, headers: { "content-type": "application/octet-stream" } }),
    201,
  );
}

/** Sends a manifest or an index under a digest or a tag. */
export async function putManifest(
  repository: string,
  reference: string,
  mediaType: string,
  bytes: Buffer,
): Promise<void> {
  const body = new Uint8Array(bytes);
  await asked(
    await fetch(`${repository}/manifests/${reference}`, {
      method: "PUT",
      body,
      headers: { "content-type": mediaType },
    }),
    201,
  );
}

/** Text of a manifest or a blob. */
export async function get(repository: string, path: string): Promise<string> {
  const accept = [mediaTypes.index, mediaTypes.manifest].join(", ");
  return (await asked(await fetch(`${repository}/${path}`, { headers: { accept } }), 200)).text();
}

/** Sends referrers of one image, and the index under the tag `sha256-<hex>` by which a registry without the referrers API is asked. */
export async function putReferrers(
  repository: string,
  subject: Descriptor,
  referrers: readonly Referrer[],
): Promise<void> {
  for (const { descriptor, manifest, blobs } of referrers) {
    for (const { bytes } of blobs) await putBlob(repository, bytes);
    await putManifest(repository, descriptor.digest, descriptor.mediaType, manifest);
  }
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: referrers.map(({ descriptor }) => descriptor),
  };
  const tag = subject.digest.replace(":", "-");
  await putManifest(repository, tag, mediaTypes.index, Buffer.from(JSON.stringify(index)));
}

async function asked(answer: Response, expected: number): Promise<Response> {
  if (answer.status === expected) return answer;
  throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
}
