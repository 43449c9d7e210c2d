// Attest: the SBOM of every image of a release, one for each platform that an image is for (RT-8, RT-9).
import { during } from "../../../toolchain/progress";
import { type Document, isIndexDocument } from "../format/closure";
import type { Descriptor, Manifest } from "../format/descriptor";
import type { Collected } from "../make/collect";
import type { RegistrySession } from "../registry/session";
import type { Bom } from "./bom";
import { bomTitles } from "./bom-titles";
import { type RemoteImage, withImageLayout } from "./image-layout";
import { isListed, sbomOf } from "./sbom";

export interface ImageBom {
  repository: string;
  /** Of the manifest that was read; for an image of several platforms one of those that its index names. */
  descriptor: Descriptor;
  /** Title of the file in the release. */
  title: string;
  bom: Bom;
}

/**
 * In the order of the images. What is in the cache is taken from there; any other image is fetched, read and removed, one at a
 * time: TMPDIR needs room for the largest.
 * @param createdAt the release's, RFC 3339
 */
export async function imageBoms(
  collected: Collected,
  session: RegistrySession,
  createdAt: string,
): Promise<ImageBom[]> {
  const wanted = collected.images.flatMap(({ repository, descriptor: image }) => {
    const found = manifestsOf(collected.documents, image);
    return found.map(each => ({ repository, ...each, isOneOfSeveral: found.length > 1 }));
  });
  const titles = bomTitles(wanted);
  const boms: ImageBom[] = [];
  for (const [at, { repository, descriptor, manifest }] of wanted.entries()) {
    const bytes = collected.bytes.get(descriptor.digest);
    if (!bytes) throw new Error(`${descriptor.digest} was not collected`);
    const bom = isListed(descriptor)
      ? await sbomOf("", descriptor, { repository, createdAt })
      : await listed(session, { repository, descriptor, manifest, bytes }, createdAt);
    boms.push({ repository, descriptor, title: titles[at] ?? "", bom });
  }
  return boms;
}

async function listed(session: RegistrySession, image: RemoteImage, createdAt: string): Promise<Bom> {
  const { repository, descriptor } = image;
  return during(`what ${repository} holds`, () =>
    withImageLayout(session, image, layout => sbomOf(layout, descriptor, { repository, createdAt })),
  );
}

/** Manifests of an image that a node can run. Builders put statements of their own beside them, for the platform `unknown`. */
function manifestsOf(
  documents: ReadonlyMap<string, Document>,
  { mediaType, digest, size, platform }: Descriptor,
): { descriptor: Descriptor; manifest: Manifest }[] {
  const document = documents.get(digest);
  if (!document) throw new Error(`${digest} was not collected`);
  if (!isIndexDocument(document))
    return [{ descriptor: { mediaType, digest, size, ...(platform && { platform }) }, manifest: document }];
  return document.manifests
    .filter(child => child.platform?.os !== "unknown")
    .flatMap(child => manifestsOf(documents, child));
}
