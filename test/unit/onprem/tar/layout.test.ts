import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Document } from "../../../../src/onprem/format/closure";
import { type Descriptor, type Index, type Manifest, mediaTypes } from "../../../../src/onprem/format/descriptor";
import { END, encodeHeader, LARGEST, paddingOf } from "../../../../src/onprem/tar/header";
import { layoutOf, ociLayout, totalOf } from "../../../../src/onprem/tar/layout";

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const blob = (name: string, mediaType = "application/octet-stream"): Descriptor => ({
  mediaType,
  digest: digestOf(name),
  size: name.length,
});
const manifestOf = (config: string, layers: string[], subject?: Descriptor): Manifest => ({
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: blob(config),
  layers: layers.map(layer => blob(layer)),
  subject,
});

/** A release, an image, an image for two machines that share a layer, and what is attached to the first. */
function example() {
  const image = blob("image", mediaTypes.manifest);
  const both = blob("both", mediaTypes.index);
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      { ...blob("release", mediaTypes.manifest), artifactType: mediaTypes.release },
      both,
      image,
      blob("signature", mediaTypes.manifest),
    ],
  };
  const manifests = new Map<string, Document>([
    [digestOf("release"), manifestOf("release-config", ["file-1", "file-2"])],
    [digestOf("image"), manifestOf("image-config", ["shared", "image-layer"])],
    [digestOf("signature"), manifestOf("{}", ["signature-layer"], image)],
    [
      digestOf("both"),
      { ...index, manifests: [blob("amd64", mediaTypes.manifest), blob("arm64", mediaTypes.manifest)] },
    ],
    [digestOf("amd64"), manifestOf("amd64-config", ["shared", "amd64-layer"])],
    [digestOf("arm64"), manifestOf("{}", ["shared", "arm64-layer"])],
  ]);
  return { index, manifests };
}

const sizes = { index: 1000, signature: 600 };
const order = [
  ...["release", "both", "image", "signature", "amd64", "arm64"],
  ...["release-config", "image-config", "{}", "amd64-config"],
  ...["file-1", "file-2", "signature-layer", "shared", "image-layer", "amd64-layer", "arm64-layer"],
];

describe("layoutOf", () => {
  test("puts manifests first, then configurations, files of the release, attachments and layers, each once", () => {
    const { index, manifests } = example();
    const entries = layoutOf(index, manifests, sizes);
    expect(entries.slice(0, 3).map(({ name, offset, size }) => [name, offset, size])).toEqual([
      ["oci-layout", 512, ociLayout.length],
      ["index.json", 1536, 1000],
      ["index.json.sigstore.json", 3072, 600],
    ]);
    expect(entries.slice(3).map(entry => entry.descriptor?.digest)).toEqual(order.map(digestOf));
    for (const [at, entry] of entries.entries()) {
      const next = entries[at + 1];
      const after = entry.offset + entry.size + paddingOf(entry.size);
      expect(next ? next.offset - 512 : totalOf(entries) - END).toBe(after);
    }
  });

  test("leaves out what the base has", () => {
    const { index, manifests } = example();
    const have = new Set(["image", "image-config", "shared"].map(digestOf));
    expect(layoutOf(index, manifests, sizes, have).flatMap(entry => entry.descriptor?.digest ?? [])).toEqual(
      order.map(digestOf).filter(digest => !have.has(digest)),
    );
  });

  test.each<[string, (given: ReturnType<typeof example>) => void, RegExp]>([
    ["a manifest that is absent", ({ manifests }) => manifests.delete(digestOf("arm64")), /is not there/],
    ["an index without a release", ({ index }) => index.manifests.shift(), /first/],
    ["an empty index", ({ index }) => index.manifests.splice(0), /names nothing first/],
    ["a manifest that is none", ({ index }) => index.manifests.push(blob("x")), /named as a manifest/],
    [
      "two sizes of one blob",
      ({ index }) => index.manifests.push({ ...blob("image", mediaTypes.manifest), size: 7 }),
      /named with 5 bytes and with 7/,
    ],
    [
      "two types of one manifest",
      ({ index }) => index.manifests.push(blob("image", mediaTypes.index)),
      /named both as/,
    ],
    [
      "a manifest that says it is something else",
      ({ manifests }) =>
        manifests.set(digestOf("image"), { ...manifestOf("c", []), mediaType: mediaTypes.dockerManifest }),
      /says of itself/,
    ],
    [
      "an index within too many",
      ({ index, manifests }) => {
        for (const [outer, inner] of ["both", "a", "b", "c"].entries())
          manifests.set(digestOf(inner), {
            ...index,
            manifests: [blob(["a", "b", "c", "d"][outer] ?? "", mediaTypes.index)],
          });
      },
      /4 deep/,
    ],
    [
      "a blob above what a tar can say",
      ({ manifests }) => {
        const large = manifestOf("c", ["large"]);
        manifests.set(digestOf("image"), {
          ...large,
          layers: large.layers.map(layer => ({ ...layer, size: LARGEST + 1 })),
        });
      },
      /8589934592 bytes/,
    ],
  ])("refuses %s", (_, change, message) => {
    const given = example();
    change(given);
    expect(() => layoutOf(given.index, given.manifests, sizes)).toThrow(message);
  });
});

describe("encodeHeader", () => {
  test("is what other tars read", () => {
    const directory = mkdtempSync(join(tmpdir(), "palisade-tar-"));
    try {
      const file = join(directory, "x.tar");
      writeFileSync(
        file,
        Buffer.concat([encodeHeader("index.json", 3), Buffer.from("abc".padEnd(512, "\0")), Buffer.alloc(END)]),
      );
      expect(execFileSync("tar", ["-xOf", file, "index.json"], { encoding: "utf8" })).toBe("abc");
      const listed = execFileSync("tar", ["--utc", "-tvf", file], { encoding: "utf8" });
      expect(listed).toMatch(/^-rw-r--r-- 0\/0\s+3 1970-01-01 00:00 index\.json\n$/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("refuses a name that does not fit", () => {
    expect(() => encodeHeader("n".repeat(101), 0)).toThrow(/100 bytes/);
  });
});
