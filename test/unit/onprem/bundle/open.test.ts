// What is untouched is accepted, in each of its forms, and read without being unpacked.
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openBundle } from "../../../../src/onprem/bundle/open";
import { partName } from "../../../../src/onprem/bundle/parts";
import { encodeHeader } from "../../../../src/onprem/tar/header";
import { totalOf } from "../../../../src/onprem/tar/layout";
import { digestOf, draft, make, type Signed, sign, throwAwaySigner } from "./maker";

const directory = mkdtempSync(join(tmpdir(), "palisade-bundle-"));
afterAll(() => rmSync(directory, { recursive: true }));
const signer = throwAwaySigner();
const { publicKeyPem } = signer;
const made = await make(signer, draft());
const last = made.entries.at(-1)?.descriptor;
if (!last) throw new Error("a bundle has blobs");

function write(name: string, bytes: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

/** As it is while each piece is good. */
async function copied(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}

/** Cuts a file as `--split` does. */
function split(name: string, bytes: Buffer, size: number): string {
  for (let part = 1; (part - 1) * size < bytes.length; part++)
    write(partName(name, part), bytes.subarray((part - 1) * size, part * size));
  return join(directory, name);
}

/** The same layout, unpacked. */
function unpack(name: string): string {
  const root = join(directory, name);
  mkdirSync(join(root, "blobs/sha256"), { recursive: true });
  for (const { name: file, offset, size } of made.entries)
    writeFileSync(join(root, file), made.bytes.subarray(offset, offset + size));
  return root;
}

test("a blob of many pieces is read into two buffers, from wherever", async () => {
  const layer = randomBytes(1_500_001);
  const large = await make(signer, draft({ images: { "a/b": [layer] } }));
  const bundle = await openBundle(write("large.tar", large.bytes), { publicKeyPem });
  const descriptor = large.entries.find(({ descriptor }) => descriptor?.digest === digestOf(layer))?.descriptor;
  if (!descriptor) throw new Error("the layer is in it");
  const buffers = new Set<ArrayBufferLike>();
  for await (const piece of bundle.pieces(descriptor)) buffers.add(piece.buffer);
  expect(buffers.size).toBe(2);
  for (const start of [0, 1, 262_144, 1_500_000, 1_500_001])
    expect((await copied(bundle.pieces(descriptor, start))).equals(layer.subarray(start)), `from ${start}`).toBe(true);
  await bundle.close();
});

describe("an untouched bundle", () => {
  test.each<[string, () => string]>([
    ["one file", () => write("whole.tar", made.bytes)],
    ["parts, by the name of the whole", () => split("parts.tar", made.bytes, 5000)],
    ["parts, by the first", () => `${split("first.tar", made.bytes, 512)}.001`],
    ["parts as short as a byte and a half header", () => split("odd.tar", made.bytes, 777)],
    ["one part", () => split("single.tar", made.bytes, made.bytes.length)],
    ["a directory", () => unpack("layout")],
  ])("is accepted as %s", async (_, prepare) => {
    const seen: number[][] = [];
    const bundle = await openBundle(prepare(), {
      publicKeyPem,
      progress: (bytes, total) => seen.push([bytes, total]),
    });
    expect(bundle.release.version).toBe("1.4.0");
    expect(bundle.indexDigest).toBe(made.indexDigest);
    expect(bundle.titles).toEqual(["stack.json", "manifests.yaml"]);
    expect((await bundle.file("manifests.yaml")).toString()).toBe("kind: List\n");
    for (const [digest, bytes] of made.blobs) {
      const descriptor = { mediaType: "x/y", digest, size: bytes.length };
      expect(await bundle.read(descriptor)).toEqual(bytes);
      expect(await buffer(bundle.stream(descriptor))).toEqual(bytes);
      expect(await copied(bundle.pieces(descriptor))).toEqual(bytes);
      expect(await copied(bundle.pieces(descriptor, 1))).toEqual(bytes.subarray(1));
      expect(await buffer(bundle.stream(descriptor, 1))).toEqual(bytes.subarray(1));
      expect(await buffer(bundle.stream(descriptor, bytes.length))).toEqual(Buffer.alloc(0));
    }
    await expect(bundle.file("other.yaml")).rejects.toThrow(/no file other\.yaml/);
    await expect(bundle.read({ mediaType: "x/y", digest: `sha256:${"0".repeat(64)}`, size: 1 })).rejects.toThrow(
      /not in/,
    );
    await bundle.close();
    const [bytes, total] = seen.at(-1) ?? [];
    expect(bytes).toBe(total);
  });

  test("is opened without being hashed, when that is asked for; its blobs are hashed as they are read", async () => {
    const altered = Buffer.from(made.bytes);
    const at = made.entries.at(-1)?.offset ?? 0;
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    const path = write("quick.tar", altered);
    await expect(openBundle(path, { publicKeyPem })).rejects.toThrow(/was altered/);
    const bundle = await openBundle(path, { publicKeyPem, full: false });
    await expect(bundle.read(last)).rejects.toThrow(/was altered/);
    await expect(buffer(bundle.stream(last))).rejects.toThrow(/was altered/);
    await expect(copied(bundle.pieces(last))).rejects.toThrow(/was altered/);
    await bundle.close();
  });

  test("that changes after it was verified gives nothing out as whole", async () => {
    const path = write("later.tar", made.bytes);
    const bundle = await openBundle(path, { publicKeyPem });
    const altered = Buffer.from(made.bytes);
    const at = made.entries.at(-1)?.offset ?? 0;
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    writeFileSync(path, altered);
    await expect(bundle.read(last)).rejects.toThrow(/altered since/);
    truncateSync(path, at + 1);
    await expect(buffer(bundle.stream(last))).rejects.toThrow(/shorter/);
    await expect(copied(bundle.pieces(last))).rejects.toThrow(/shorter/);
    await bundle.close();
  });

  test("with a layer that would unpack to a thousand times its size is read as it is", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const bundle = await make(signer, draft({ images: { "a/b": [bomb] } }));
    const before = process.memoryUsage().rss;
    const opened = await openBundle(write("bomb.tar", bundle.bytes), { publicKeyPem });
    expect(await opened.read({ mediaType: "x/y", digest: digestOf(bomb), size: bomb.length })).toEqual(bomb);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    await opened.close();
  });

  test("of any size needs little memory", async () => {
    const size = 160 * 1024 * 1024;
    const hash = createHash("sha256");
    const zeros = Buffer.alloc(1024 * 1024);
    for (let at = 0; at < size; at += zeros.length) hash.update(zeros);
    const layer = { digest: `sha256:${hash.digest("hex")}`, size };
    const path = writeSparse("sparse.tar", await sign(signer, draft({ images: { "a/b": [layer] } })));
    let peak = 0;
    const before = process.memoryUsage().rss;
    const bundle = await openBundle(path, {
      publicKeyPem,
      progress: () => {
        peak = Math.max(peak, process.memoryUsage().rss);
      },
    });
    await bundle.close();
    expect(peak - before).toBeLessThan(24 * 1024 * 1024);
  });
});

/** Writes only the entries whose bytes are at hand; the rest are zeros, of which the file system keeps none. */
function writeSparse(name: string, { entries }: Signed): string {
  const path = write(name, Buffer.alloc(0));
  const file = openSync(path, "w");
  for (const { name: entry, offset, size, content } of entries) {
    writeSync(file, encodeHeader(entry, size), 0, 512, offset - 512);
    if (content) writeSync(file, content, 0, size, offset);
  }
  closeSync(file);
  truncateSync(path, totalOf(entries));
  return path;
}
