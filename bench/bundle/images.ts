// Benchmarks: images of layers that no compression makes smaller, as an OCI layout, made without a daemon. The same bytes each time.
import { createCipheriv, createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { annotationKeys, type Descriptor, mediaTypes } from "../../src/onprem/format/descriptor";
import { BLOCK, END, encodeHeader, paddingOf } from "../../src/onprem/tar/header";

/** An image that was made. */
export interface BenchImage {
  repository: string;
  /** Its manifest, configuration and layers; those it shares with others too. */
  manifest: Descriptor;
  blobs: readonly Descriptor[];
}

interface Recipe {
  repository: string;
  /** Share of all bytes that each layer has, and what it is made from: layers of one seed and share are one blob. */
  layers: readonly (readonly [share: number, seed: string])[];
}

const SHARED = [0.1, "shared"] as const;

/** One large layer, one shared by three images, and some of a few thousandths. */
const RECIPES: readonly Recipe[] = [
  {
    repository: "bench/models",
    layers: [
      [0.28, "weights"],
      [0.02, "server"],
    ],
  },
  { repository: "bench/backend", layers: [SHARED, [0.16, "libraries"], [0.04, "backend"], [0.004, "settings"]] },
  { repository: "bench/frontend", layers: [SHARED, [0.05, "frontend"], [0.006, "pages"]] },
  { repository: "bench/router", layers: [SHARED, [0.1, "router"], [0.03, "codecs"]] },
  {
    repository: "bench/store",
    layers: [
      [0.12, "store"],
      [0.02, "extensions"],
    ],
  },
  {
    repository: "bench/collector",
    layers: [
      [0.06, "collector"],
      [0.01, "plugins"],
    ],
  },
];

/**
 * Makes images in a layout.
 * @param directory is made
 * @param total bytes of all layers together
 * @param edition other bytes for another one
 */
export function makeImages(directory: string, total: number, edition = "first"): Promise<BenchImage[]> {
  return layout(
    directory,
    total,
    RECIPES.map(({ repository, layers }) => ({
      repository: edition === "first" ? repository : `${repository}-${edition}`,
      layers: layers.map(([share, seed]) => [share, `${edition}/${seed}`] as const),
    })),
  );
}

/** One of the images again, with one layer changed: what a delta carries. */
export function makeChanged(directory: string, total: number): Promise<BenchImage[]> {
  return layout(
    directory,
    total,
    RECIPES.slice(1, 2).map(({ repository, layers }) => ({
      repository,
      layers: layers.map(([share, seed]) => [share, seed === "backend" ? "second/backend" : `first/${seed}`] as const),
    })),
  );
}

async function layout(directory: string, total: number, recipes: readonly Recipe[]): Promise<BenchImage[]> {
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  const layers = new Map<string, Promise<Layer>>();
  const images: BenchImage[] = [];
  for (const recipe of recipes) {
    const made: Layer[] = [];
    for (const [share, seed] of recipe.layers) {
      const layer = layers.get(seed) ?? makeLayer(directory, Math.ceil(share * total), seed);
      layers.set(seed, layer);
      made.push(await layer);
    }
    const config = await putJson(directory, "application/vnd.oci.image.config.v1+json", {
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: made.map(({ diffId }) => diffId) },
    });
    const manifest = await putJson(directory, mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers: made.map(({ descriptor }) => descriptor),
    });
    const blobs = [manifest, config, ...made.map(({ descriptor }) => descriptor)];
    images.push({ repository: recipe.repository, manifest, blobs });
  }
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const manifests = images.map(({ repository, manifest }) => ({
    ...manifest,
    annotations: { [annotationKeys.name]: repository },
  }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  await writeFile(join(directory, "index.json"), JSON.stringify(index));
  return images;
}

interface Layer {
  descriptor: Descriptor;
  /** Digest of the tar within. */
  diffId: string;
}

/** A tar of one file, in gzip without compression: real enough for whoever looks inside. */
async function makeLayer(directory: string, size: number, seed: string): Promise<Layer> {
  const partial = join(directory, "blobs", "layer.partial");
  const file = createWriteStream(partial);
  const [tar, packed] = [createHash("sha256"), createHash("sha256")];
  let length = 0;
  await pipeline(
    Readable.from(tarOf(size, seed, tar)),
    createGzip({ level: 0, chunkSize: PIECE }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        packed.update(chunk);
        length += chunk.length;
        if (!file.write(chunk)) await once(file, "drain");
      }
    },
  );
  file.end();
  await once(file, "close");
  const digest = `sha256:${packed.digest("hex")}`;
  await rename(partial, blobPath(directory, digest));
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return { descriptor: { mediaType, digest, size: length }, diffId: `sha256:${tar.digest("hex")}` };
}

const PIECE = 1024 * 1024;

function* tarOf(size: number, seed: string, hash: Hash): Generator<Buffer> {
  const random = createCipheriv("aes-256-ctr", createHash("sha256").update(seed).digest(), Buffer.alloc(16));
  const zeros = Buffer.alloc(PIECE);
  const pass = (bytes: Buffer) => {
    hash.update(bytes);
    return bytes;
  };
  yield pass(encodeHeader(`${seed.replaceAll("/", "-")}.bin`, size));
  for (let left = size; left > 0; left -= PIECE) yield pass(random.update(zeros.subarray(0, left)));
  yield pass(Buffer.alloc(paddingOf(size) + END + BLOCK));
}

async function putJson(directory: string, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await writeFile(blobPath(directory, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

const blobPath = (directory: string, digest: string) =>
  join(directory, "blobs", "sha256", digest.slice("sha256:".length));
