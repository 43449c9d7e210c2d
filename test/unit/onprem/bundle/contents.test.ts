// What the vendor signed and yet is no bundle is refused as well: a signature says who made it, not that it is right (PF-3).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openBundle } from "../../../../src/onprem/bundle/open";
import type { Manifest } from "../../../../src/onprem/format/descriptor";
import type { Release } from "../../../../src/onprem/format/release";
import { type Draft, digestOf, draft, make, type Plan, sign, tar, throwAwaySigner } from "./maker";

const directory = mkdtempSync(join(tmpdir(), "palisade-contents-"));
afterAll(() => rmSync(directory, { recursive: true }));
const signer = throwAwaySigner();

async function open(bytes: Buffer): Promise<void> {
  const path = join(directory, "bundle.tar");
  writeFileSync(path, bytes);
  await (await openBundle(path, { publicKeyPem: signer.publicKeyPem })).close();
}

const noImages = { images: {} };
const files = (...titles: string[]): Plan => ({
  ...noImages,
  manifest: (manifest: Manifest) => {
    manifest.layers = titles.map(
      title =>
        ({
          ...manifest.layers[0],
          annotations: { "org.opencontainers.image.title": title },
        }) as Manifest["layers"][number],
    );
  },
});
const release = (change: Partial<Record<keyof Release | "more", unknown>>): Plan => ({
  release: given => ({ ...given, ...change }),
});

test("what the maker makes is accepted", async () => {
  await open((await make(signer, draft())).bytes);
  await open((await make(signer, draft(noImages))).bytes);
});

test.each<[string, Plan, RegExp]>([
  ["a release of another version", release({ version: "1.4.1" }), /says version "1\.4\.1", index\.json says "1\.4\.0"/],
  ["a release of another stack", release({ stack: "other" }), /says stack "other"/],
  ["a release of another environment", release({ environment: "dev" }), /says environment "dev"/],
  [
    "a release with a base of its own",
    release({ base: { index: `sha256:${"1".repeat(64)}`, version: "1.0.0" } }),
    /says base/,
  ],
  ["a release without its images", release({ images: [] }), /differ in their images: palisade\/collector@sha256:/],
  [
    "a release that says another size",
    { release: given => ({ ...given, images: given.images.map(image => ({ ...image, size: image.size + 1 })) }) },
    /palisade\/collector has \d+ bytes; its blobs have/,
  ],
  [
    "a release with images the other way round",
    { release: given => ({ ...given, images: [...given.images].reverse() }) },
    /images' order/,
  ],
  ["a release with a key unknown", release({ more: 1 }), /the release's description/],
  ["a release of no version", release({ version: "latest" }), /"version"/],
  ["a release that is a list", { release: () => [] }, /the release's description/],
  ["a title that leads out", files("../../etc/passwd"), /title "\.\.\/\.\.\/etc\/passwd"/],
  ["an absolute title", files("/etc/passwd"), /title/],
  ["a hidden way out", files("sbom/../../x"), /title/],
  ["an empty title", files(""), /title ""/],
  ["a title twice", files("a.json", "b.json", "a.json"), /two files a\.json/],
  [
    "a release manifest of another type",
    { manifest: manifest => Object.assign(manifest, { artifactType: "x/y" }) },
    /of type x\/y/,
  ],
  [
    "a description of another type",
    { manifest: manifest => Object.assign(manifest.config, { mediaType: "x/y" }) },
    /of type x\/y/,
  ],
])("refused: %s", async (_, plan, message) => {
  const { bytes } = await make(signer, draft(plan));
  await expect(open(bytes)).rejects.toThrow(message);
});

const [, first, second, third] = draft().index.manifests;

test.each<[string, (given: Draft) => unknown, RegExp]>([
  [
    "another artifact type",
    ({ index }) => Object.assign(index, { artifactType: "x/y" }),
    /index\.json is of type x\/y/,
  ],
  [
    "no version",
    ({ index }) => delete index.annotations?.["dev.palisade.version"],
    /lacks the annotation dev\.palisade\.version/,
  ],
  ["no annotation", ({ index }) => delete index.annotations, /lacks the annotation/],
  [
    "images that are not sorted",
    ({ index }) => index.manifests.splice(1, 2, ...(second && first ? [second, first] : [])),
    /each repository once, sorted/,
  ],
  ["an image twice", ({ index }) => index.manifests.splice(1, 0, ...(first ? [first] : [])), /each repository once/],
  [
    "an attachment before an image",
    ({ index }) => index.manifests.splice(1, 3, ...(first && second && third ? [third, first, second] : [])),
    /after what is attached/,
  ],
  [
    "an image without a name",
    ({ index }) =>
      index.manifests.splice(1, 2, ...(first && second ? [second, { ...first, annotations: undefined }] : [])),
    /neither an image with a name nor attached|differ in their images/,
  ],
  [
    "an attachment of what is not here",
    ({ index, manifests }) => {
      const digest = index.manifests[1]?.digest ?? "";
      index.manifests.splice(1, 1);
      manifests.delete(digest);
    },
    /is attached to sha256:\w+, which is not here|differ in their images/,
  ],
])("refused: an index with %s", async (_, change, message) => {
  const given = draft();
  change(given);
  await expect(open((await make(signer, given)).bytes)).rejects.toThrow(message);
});

test.each<[string, (index: string) => string | Buffer, RegExp]>([
  ["cut", index => index.slice(0, -1), /index\.json is no JSON/],
  ["of nested lists", () => "[".repeat(1_000_000) + "]".repeat(1_000_000), /index\.json, "the whole"|no JSON/],
  ["of another shape", () => "{}", /index\.json, "schemaVersion"/],
  [
    "with a digest that is a path",
    index => index.replace(/sha256:\w{64}/, `sha256:../../${"a".repeat(58)}`),
    /index\.json, "manifests\.0\.digest"/,
  ],
  ["with a size below zero", index => index.replace(/"size":\d+/, '"size":-1'), /index\.json, "manifests\.0\.size"/],
  ["with a size that is no number", index => index.replace(/"size":\d+/, '"size":"1"'), /"manifests\.0\.size"/],
  [
    "with a size beyond reason",
    index => index.replace(/"size":\d+/, '"size":9007199254740991'),
    /at most 4194304 bytes of JSON/,
  ],
  [
    "with a digest of another kind",
    index => index.replace(/sha256:\w{64}/, `sha512:${"a".repeat(128)}`),
    /"manifests\.0\.digest"/,
  ],
  ["that is not UTF-8", index => Buffer.from(index.replace("onprem", "\u00e9"), "latin1"), /index\.json is no JSON/],
])("refused: a signed index %s", async (_, change, message) => {
  const { signBlob } = await import("../../../../src/onprem/signing/sign");
  const made = await make(signer, draft());
  const index = Buffer.from(change(made.indexBytes.toString("utf8")));
  const signature = Buffer.from(await signBlob(signer, index));
  const [layout, , , ...blobs] = made.parts;
  if (!layout) throw new Error("a bundle has a layout");
  await expect(
    open(tar([layout, ["index.json", index], ["index.json.sigstore.json", signature], ...blobs])),
  ).rejects.toThrow(message);
});

test("manifests that are more than memory should hold are refused before they are read", async () => {
  const given = draft(noImages);
  const size = 4 * 1024 * 1024;
  const blobs = Array.from({ length: 9 }, (_, at) =>
    Buffer.from(JSON.stringify({ ...anyManifest(), annotations: { at: String(at) } }).padEnd(size)),
  );
  for (const blob of blobs) {
    given.blobs.set(digestOf(blob), blob);
    given.manifests.set(digestOf(blob), anyManifest());
    given.index.manifests.push({ mediaType: anyManifest().mediaType, digest: digestOf(blob), size });
  }
  const signed = await sign(signer, given);
  await expect(
    open(tar(signed.entries.map(({ name, content }) => [name, content ?? Buffer.alloc(0)]))),
  ).rejects.toThrow(/manifests have more than 33554432 bytes/);
});

function anyManifest(): Manifest {
  const [manifest] = draft(noImages).manifests.values();
  if (!manifest || "manifests" in manifest) throw new Error("a release has a manifest");
  return manifest;
}
