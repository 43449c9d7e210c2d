// Image phase: what the bundle's own registry answers with, decided by path alone (PF-3). Pure.
import type { Descriptor } from "../format/descriptor";
import type { Document, PlannedImage } from "./plan";

/** What a path asks for. */
export type Asked =
  | { kind: "root" }
  | { kind: "manifest"; document: Document }
  | { kind: "blob"; descriptor: Descriptor }
  | { kind: "referrers"; manifests: Descriptor[]; filtered: boolean }
  | { kind: "tags"; repository: string; tags: string[] }
  | { kind: "unknown"; code: "NAME_UNKNOWN" | "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN" | "UNSUPPORTED" };

interface Shelf {
  manifests: Map<string, Document>;
  blobs: Map<string, Descriptor>;
  referrers: Map<string, Descriptor[]>;
  tags: string[];
}

const PATH = /^\/v2\/(.+)\/(manifests|blobs|referrers|tags)\/([^/]+)$/;

/** All that may be asked for: each repository gives out its own, and nothing else of the bundle. */
export class Catalog {
  readonly #shelves = new Map<string, Shelf>();

  /**
   * @param prefix path before the bundle's own names, such as `customer/palisade`; none unless given
   * @param tag a tag for each image besides its digest; none unless given
   */
  constructor(images: readonly PlannedImage[], prefix = "", tag?: (image: PlannedImage) => string) {
    for (const image of images) {
      const name = prefix ? `${prefix}/${image.repository}` : image.repository;
      const shelf: Shelf = this.#shelves.get(name) ?? {
        manifests: new Map(),
        blobs: new Map(),
        referrers: new Map(),
        tags: [],
      };
      for (const document of [...image.manifests, ...image.referrers]) shelf.manifests.set(document.digest, document);
      for (const blob of [...image.blobs, ...image.referrers.flatMap(({ blobs }) => blobs)])
        shelf.blobs.set(blob.digest, blob);
      for (const { subject, bytes: _, blobs: __, ...descriptor } of image.referrers)
        shelf.referrers.set(subject, [...(shelf.referrers.get(subject) ?? []), descriptor]);
      const own = image.manifests.at(-1);
      const given = tag?.(image);
      if (own && given !== undefined) {
        shelf.manifests.set(given, own);
        shelf.tags.push(given);
      }
      this.#shelves.set(name, shelf);
    }
  }

  /** @param url path and query of a request */
  asked(url: string): Asked {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    if (pathname === "/v2/" || pathname === "/v2") return { kind: "root" };
    const [, repository = "", what, reference = ""] = PATH.exec(pathname) ?? [];
    if (what === undefined) return { kind: "unknown", code: "UNSUPPORTED" };
    const shelf = this.#shelves.get(repository);
    if (!shelf) return { kind: "unknown", code: "NAME_UNKNOWN" };
    if (what === "tags") return reference === "list" ? { kind: "tags", repository, tags: shelf.tags } : NOTHING;
    if (what === "referrers") {
      const all = shelf.referrers.get(reference) ?? [];
      const type = searchParams.get("artifactType");
      const manifests = type === null ? all : all.filter(({ artifactType }) => artifactType === type);
      return { kind: "referrers", manifests, filtered: type !== null };
    }
    const document = shelf.manifests.get(reference);
    if (what === "manifests")
      return document ? { kind: "manifest", document } : { kind: "unknown", code: "MANIFEST_UNKNOWN" };
    const descriptor = shelf.blobs.get(reference);
    return descriptor ? { kind: "blob", descriptor } : { kind: "unknown", code: "BLOB_UNKNOWN" };
  }
}

const NOTHING = { kind: "unknown", code: "UNSUPPORTED" } as const;

/**
 * The part of a blob that the header `Range` asks for.
 * @returns first byte and the byte after the last; "whole" where there is no such header, or several ranges, which a server may ignore
 */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "whole" | "outside" {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (!first && !last) return "whole";
  const start = first ? Number(first) : Math.max(0, size - Number(last));
  const end = first && last ? Math.min(size, Number(last) + 1) : size;
  return start < end ? { start, end } : "outside";
}

/** The bytes of a part. Its last piece comes once the whole was read, which ends with an error if it is not what its digest says. */
export function between(start: number, end: number) {
  return async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let at = 0;
    let last: Buffer | undefined;
    for await (const chunk of chunks) {
      const piece = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += chunk.length;
      if (piece.length === 0) continue;
      if (last) yield last;
      last = piece;
    }
    if (last) yield last;
  };
}
