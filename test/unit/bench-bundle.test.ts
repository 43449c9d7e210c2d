// Benchmarks: bundles. What is seen of a process, which way a target judges, and images that are the same each time.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRounds, parseSize } from "../../bench/bundle";
import { makeChanged, makeImages } from "../../bench/bundle/images";
import { observe } from "../../bench/bundle/process";
import { atLeast, atMost, bundleCase, describeBundle } from "../../bench/bundle/report";
import { manifest } from "../../src/onprem/format/descriptor";
import { ZARF_VERSION } from "../../toolchain/zarf";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-bench-bundle-unit-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const node = (script: string) => ({ command: process.execPath, args: ["-e", script, directory] });
const MB = 1_000_000;

test("memory that a process had for a moment is seen", async () => {
  const small = await observe([node("setTimeout(() => {}, 400)")]);
  const large = await observe([node("Buffer.alloc(200e6, 1); setTimeout(() => {}, 400)")]);
  expect(large.sample.peakMiB - small.sample.peakMiB).toBeGreaterThan(150);
  expect(small.sample.seconds).toBeGreaterThan(0.4);
});

test("of several processes the memory is added up, and the longest counts", async () => {
  const hold = node("Buffer.alloc(50e6, 1); setTimeout(() => {}, 500)");
  const one = await observe([hold]);
  const three = await observe([hold, hold, hold]);
  expect(three.sample.peakMiB).toBeGreaterThan(2 * one.sample.peakMiB);
});

test("a file that is gone at the end is seen, also one without a name", async () => {
  const hidden =
    "const fs = require('node:fs'); const path = process.argv[1] + '/t'; const file = fs.openSync(path, 'w'); fs.unlinkSync(path);" +
    "fs.writeSync(file, Buffer.alloc(20e6, 1)); fs.fsyncSync(file); setTimeout(() => {}, 400)";
  expect((await observe([node(hidden)], [directory])).sample.diskBytes).toBeGreaterThan(19 * MB);
  const named = hidden.replace("fs.unlinkSync(path);", "setTimeout(() => fs.unlinkSync(path), 300);");
  expect((await observe([node(named)], [directory])).sample.diskBytes).toBeGreaterThan(19 * MB);
  expect(readdirSync(directory)).toEqual([]);
});

test("a program that fails says what it said, and the others are ended", async () => {
  const started = Date.now();
  const failing = node("console.error('no room'); process.exit(3)");
  await expect(observe([node("setTimeout(() => {}, 60000)"), failing])).rejects.toThrow(/ended with 3:\nno room/);
  expect(Date.now() - started).toBeLessThan(30_000);
});

test("a target is met at its bound, and missed beyond it", () => {
  expect([atLeast("a", 0.9, 0.9).met, atLeast("a", 0.89, 0.9).met]).toEqual([true, false]);
  expect([atMost("a", 0.5, 0.5).met, atMost("a", 0.51, 0.5).met]).toEqual([true, false]);
  const sample = { seconds: 1, peakMiB: 10, cpuSeconds: 1, diskBytes: 0 };
  const judged = [atLeast("rate", 1.5, 0.9), atMost("memory", 151, 150)];
  const missed = bundleCase({ name: "case", wallRatio: 0.66666, judged, raw: { palisade: [sample] } });
  expect(missed).toMatchObject({ targetMet: false, wallRatio: 0.667 });
  expect(describeBundle(missed)).toContain(
    "rate: 1.5, target at least 0.9: met\nmemory: 151, target at most 150: missed\n",
  );
});

test("a size is a number with its unit, a number of rounds is whole", () => {
  expect([parseSize("64MB"), parseSize("2GB"), parseSize("0.5GB")]).toEqual([64 * MB, 2000 * MB, 500 * MB]);
  for (const text of ["64", "64 MB", "0MB", "0.5MB", "-1GB", "1TB", "1e3MB", ""])
    expect(() => parseSize(text)).toThrow(/is no size/);
  expect(parseRounds("3")).toBe(3);
  for (const text of ["0", "-1", "1.5", "100", "x", ""]) expect(() => parseRounds(text)).toThrow(/no number of rounds/);
});

test("images are the same each time, sound, of the size asked for, and share a layer", async () => {
  const images = await makeImages(join(directory, "a"), 3 * MB);
  expect(await makeImages(join(directory, "b"), 3 * MB)).toEqual(images);
  const read = (digest: string) => readFileSync(join(directory, "a", "blobs", "sha256", digest.slice(7)));
  const blobs = new Map(images.flatMap(image => image.blobs.map(blob => [blob.digest, blob])));
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  expect(total / (3 * MB)).toBeCloseTo(1, 1);
  expect(images.flatMap(image => image.blobs).length).toBeGreaterThan(blobs.size);
  for (const [digest, { size }] of blobs) {
    const bytes = read(digest);
    expect(bytes.length).toBe(size);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(digest.slice(7));
  }
  for (const image of images) {
    const { config, layers } = manifest.parse(JSON.parse(read(image.manifest.digest).toString()));
    const { rootfs } = JSON.parse(read(config.digest).toString()) as { rootfs: { diff_ids: string[] } };
    const sums = layers.map(({ digest }) =>
      createHash("sha256")
        .update(gunzipSync(read(digest)))
        .digest("hex"),
    );
    expect(rootfs.diff_ids).toEqual(sums.map(sum => `sha256:${sum}`));
  }
});

test("of the changed image one layer is another", async () => {
  const images = await makeImages(join(directory, "a"), MB);
  const [changed] = await makeChanged(join(directory, "b"), MB);
  const before = images.find(({ repository }) => repository === changed?.repository);
  const known = new Set(before?.blobs.map(({ digest }) => digest));
  const other = changed?.blobs.filter(({ digest }) => !known.has(digest)) ?? [];
  // Manifest and configuration name the layer, so they are others too.
  expect(other).toHaveLength(3);
  expect(Math.max(...other.map(({ size }) => size)) / (0.04 * MB)).toBeCloseTo(1, 0);
});

test("Zarf's version is the one that is built", () => {
  const module = readFileSync(join(__dirname, "../../toolchain/go/zarf/go.mod"), "utf8");
  expect(module).toContain(`\tgithub.com/zarf-dev/zarf v${ZARF_VERSION}\n`);
});
