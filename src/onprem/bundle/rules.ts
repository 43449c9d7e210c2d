// Bundle: what its index, its release and its manifests have to say alike (PF-3, RT-9). Pure.
import { type Document, imageSize, imagesOf, isIndexDocument } from "../format/closure";
import { annotationKeys, type Index, type Manifest, mediaTypes } from "../format/descriptor";
import { Refusal, shown } from "../format/refusal";
import type { Release } from "../format/release";

/** The bundle a delta builds on, as the index says it. */
export interface Base {
  readonly index: string;
  readonly version: string;
}

const title = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7}$/;

/** @throws Refusal if an index is not one of a bundle */
export function checkIndex(index: Index): void {
  if (index.artifactType !== mediaTypes.bundle)
    throw new Refusal(`index.json is of type ${index.artifactType ?? index.mediaType}.`, `${mediaTypes.bundle}.`);
  for (const key of [annotationKeys.version, annotationKeys.environment, annotationKeys.stack])
    if (!index.annotations?.[key]) throw new Refusal(`index.json lacks the annotation ${key}.`, "a value.");
  const names = imagesOf(index).map(({ repository }) => repository);
  const wrong = names.findIndex((name, at) => at > 0 && name <= (names[at - 1] ?? ""));
  if (wrong > 0)
    throw new Refusal(
      `index.json names ${shown(names[wrong] ?? "")} after ${shown(names[wrong - 1] ?? "")}.`,
      "each repository once, sorted.",
    );
  const kinds = index.manifests.map(({ annotations }, at) =>
    at === 0 ? 0 : annotations?.[annotationKeys.name] ? 1 : 2,
  );
  if (kinds.some((kind, at) => at > 0 && kind < (kinds[at - 1] ?? 0)))
    throw new Refusal(
      "index.json names an image after what is attached to images.",
      "the release, images, attachments.",
    );
}

/** @throws Refusal if an index names half a base */
export function baseOf({ annotations }: Index): Base | undefined {
  const index = annotations?.[annotationKeys.base];
  const version = annotations?.[annotationKeys.baseVersion];
  if (index === undefined && version === undefined) return undefined;
  if (index !== undefined && version !== undefined && /^sha256:[0-9a-f]{64}$/.test(index)) return { index, version };
  throw new Refusal(
    `index.json says of its base: ${shown(index ?? "nothing")}, version ${shown(version ?? "none")}.`,
    "a digest and a version, or neither.",
  );
}

/** @throws Refusal if a manifest is neither the release, nor an image, nor attached to one that the index leads to */
export function checkManifests(index: Index, manifests: ReadonlyMap<string, Document>): void {
  const known = new Set(index.manifests.map(({ digest }) => digest));
  for (const document of manifests.values())
    if (isIndexDocument(document)) for (const { digest } of document.manifests) known.add(digest);
  for (const [at, { digest, annotations }] of index.manifests.entries()) {
    const document = manifests.get(digest);
    if (!document || at === 0 || annotations?.[annotationKeys.name]) continue;
    const subject = isIndexDocument(document) ? undefined : document.subject;
    if (!subject) throw new Refusal(`${digest} is neither an image with a name nor attached to one.`, "one of both.");
    if (!known.has(subject.digest))
      throw new Refusal(
        `${digest} is attached to ${subject.digest}, which is not here.`,
        "what is attached to its images.",
      );
  }
}

/** Files of the release by title, in order.
 * @throws Refusal if a title is missing, comes twice, or is no plain path */
export function titlesOf(manifest: Manifest): string[] {
  const titles = manifest.layers.map(({ annotations, digest }) => {
    const found = annotations?.[annotationKeys.title];
    if (found === undefined || !title.test(found))
      throw new Refusal(
        `the release's file ${digest} has the title ${shown(found ?? "")}.`,
        "a relative path of letters, digits and . _ -",
      );
    return found;
  });
  const twice = titles.find((each, at) => titles.indexOf(each) !== at);
  if (twice !== undefined) throw new Refusal(`the release holds two files ${twice}.`, "each title once.");
  return titles;
}

/** @throws Refusal if the release says anything else than the index of its bundle */
export function checkRelease(release: Release, index: Index, manifests: ReadonlyMap<string, Document>): void {
  const same = (what: string, said: string, found: string | undefined) => {
    if (said !== found)
      throw new Refusal(
        `the release says ${what} ${shown(said)}, index.json says ${shown(found ?? "nothing")}.`,
        "the same in both.",
      );
  };
  const base = baseOf(index);
  same("version", release.version, index.annotations?.[annotationKeys.version]);
  same("environment", release.environment, index.annotations?.[annotationKeys.environment]);
  same("stack", release.stack, index.annotations?.[annotationKeys.stack]);
  same("base", release.base?.index ?? "none", base?.index ?? "none");
  same("version of the base", release.base?.version ?? "none", base?.version ?? "none");
  const images = imagesOf(index);
  const said = release.images.map(({ repository, digest }) => `${repository}@${digest}`);
  const found = images.map(({ repository, descriptor: { digest } }) => `${repository}@${digest}`);
  if (said.join(" ") !== found.join(" ")) {
    const odd = said.find(each => !found.includes(each)) ?? found.find(each => !said.includes(each));
    throw new Refusal(
      `the release and index.json differ in their images${odd ? `: ${odd} is in one alone` : "' order"}.`,
      "the same list in both.",
    );
  }
  for (const { descriptor, repository } of images) {
    const size = imageSize(descriptor, manifests);
    const says = release.images.find(image => image.repository === repository)?.size;
    if (size !== says)
      throw new Refusal(
        `the release says that ${repository} has ${says} bytes; its blobs have ${size}.`,
        "the sum of its blobs.",
      );
  }
}
