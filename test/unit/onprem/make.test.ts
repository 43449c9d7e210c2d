// Making a bundle: the same bytes whatever happened on the way, or no bundle.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { annotationKeys } from "../../../src/onprem/format/descriptor";
import { collectImages, type Wanted } from "../../../src/onprem/make/collect";
import { bytesOf, fileContent } from "../../../src/onprem/make/content";
import { type MakeOptions, makeBundle } from "../../../src/onprem/make/make";
import type { Base, Ingredients } from "../../../src/onprem/make/plan";
import { parseSize, rangesOf, slicesOf } from "../../../src/onprem/make/slices";
import { openRegistry, type RegistrySession } from "../../../src/onprem/registry/session";
import { verifyBlob } from "../../../src/onprem/signing/verify";
import { facts, fickleSigner, files, image, platforms, randomLayer, release, signer, statementOn } from "./make-inputs";
import { cutAfter, type StandIn, startStandIn } from "./registry-stand-in";

let registry: StandIn;
let session: RegistrySession;
let directory: string;
let wanted: Wanted[];
beforeEach(async () => {
  registry = await startStandIn();
  directory = mkdtempSync(join(tmpdir(), "palisade-make-"));
  writeFileSync(join(directory, "auth.json"), "{}");
  session = openRegistry(registry.address, { authFile: join(directory, "auth.json"), pauseMs: 2 });
  wanted = release(registry.add, randomLayer(9));
});
afterEach(async () => {
  session.close();
  await registry.close();
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const ingredients = async (more: Partial<Ingredients> = {}): Promise<Ingredients> => {
  const collected = await collectImages(session, wanted);
  return {
    facts,
    collected,
    files,
    attachments: collected.images.map(({ descriptor }) => statementOn(descriptor)),
    ...more,
  };
};
const make = async (name: string, options: Partial<MakeOptions> = {}, more: Partial<Ingredients> = {}) =>
  makeBundle(await ingredients(more), session, { out: at(name), signer, ...options });
const namesIn = (tar: string) => execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).trim().split("\n");
const fileIn = (tar: string, name: string) => execFileSync("tar", ["-xOf", tar, name], { maxBuffer: 1e8 });
const blobRequests = () => registry.requests.filter(each => each.includes("/blobs/"));

describe("a bundle", () => {
  test("is a tar of an image layout: index and its signature first, then each blob once, under its digest", async () => {
    const made = await make("b.tar");
    const names = namesIn(at("b.tar"));
    expect(names.slice(0, 3)).toEqual(["oci-layout", "index.json", "index.json.sigstore.json"]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names.slice(3)) {
      const digest = createHash("sha256")
        .update(fileIn(at("b.tar"), name))
        .digest("hex");
      expect(name).toBe(`blobs/sha256/${digest}`);
    }
    const index = fileIn(at("b.tar"), "index.json");
    verifyBlob(signer.publicKeyPem, index, fileIn(at("b.tar"), "index.json.sigstore.json").toString());
    const listed = JSON.parse(index.toString()).manifests as { annotations?: Record<string, string> }[];
    expect(listed.flatMap(each => each.annotations?.[annotationKeys.name] ?? [])).toEqual([
      "palisade/collector",
      "sanctum/backend",
      "sanctum/frontend",
    ]);
    expect(made).toMatchObject({
      images: 3,
      blobs: names.length - 3,
      bytes: readFileSync(at("b.tar")).length,
      kept: 0,
      left: 0,
    });
    expect(readdirSync(directory).sort()).toEqual(["auth.json", "b.tar"]);
  });

  test("has the same bytes again, in whatever order things come", async () => {
    await make("a.tar");
    wanted.reverse();
    await make("b.tar", { parallel: 1 }, { files: [...files].reverse() });
    expect(readFileSync(at("a.tar")).equals(readFileSync(at("b.tar")))).toBe(true);
  });

  test("fetches each blob once", async () => {
    await make("a.tar");
    expect(new Set(blobRequests()).size).toBe(blobRequests().length);
  });

  test("takes a file of the release from the disk, and notices that it was altered", async () => {
    writeFileSync(at("installer"), randomLayer(7, 2_500_000));
    const content = await fileContent(at("installer"));
    await make("a.tar", {}, { files: [{ title: "installer/x", content }] });
    await make("b.tar", {}, { files: [{ title: "installer/x", content: randomLayer(7, 2_500_000) }] });
    expect(readFileSync(at("a.tar")).equals(readFileSync(at("b.tar")))).toBe(true);
    const blob = { mediaType: "application/x", digest: content.digest, size: content.size };
    for (const altered of [randomLayer(8, 2_500_000), randomLayer(7, 2_400_000), randomLayer(7, 2_600_000)]) {
      writeFileSync(at("installer"), altered);
      const reading = async () => {
        for await (const _ of bytesOf(blob, content, session));
      };
      await expect(reading()).rejects.toThrow(/installer was altered/);
    }
  });
});

describe("on the way", () => {
  test("connections are cut, and the bytes are the same", async () => {
    await make("a.tar");
    const cut = new Set<string>();
    registry.misbehave = (request, response) => {
      const digest = /blobs\/(.*)$/.exec(request.url ?? "")?.[1] ?? "";
      const bytes = registry.content.get(digest);
      if (!bytes || cut.has(digest) || bytes.length < 1000) return false;
      cut.add(digest);
      return cutAfter(response, bytes.subarray(0, bytes.length / 2), bytes.length);
    };
    await make("b.tar");
    expect(cut.size).toBeGreaterThan(3);
    expect(readFileSync(at("a.tar")).equals(readFileSync(at("b.tar")))).toBe(true);
  });

  test("the registry gives other bytes: no bundle, and the blob is named", async () => {
    const digest = createHash("sha256").update(randomLayer(9)).digest("hex");
    registry.content.set(`sha256:${digest}`, randomLayer(10));
    await expect(make("a.tar")).rejects.toThrow(new RegExp(`sanctum/backend@sha256:${digest} came with the digest`));
    expect(existsSync(at("a.tar"))).toBe(false);
  });

  test.each([1, 2, 3, 4, 5, 6])("it stops after blob %d, and goes on there", async stopAt => {
    await make("whole.tar");
    const all = blobRequests().length;
    registry.requests.length = 0;
    let left = stopAt;
    registry.misbehave = (request, response) => {
      if (!request.url?.includes("/blobs/") || left-- > 0) return false;
      response.writeHead(403).end();
      return true;
    };
    await expect(make("a.tar", { parallel: 1 })).rejects.toThrow(/answered 403/);
    expect(existsSync(at("a.tar"))).toBe(false);
    registry.misbehave = undefined;
    registry.requests.length = 0;
    const { kept } = await make("a.tar");
    expect(kept).toBeGreaterThan(0);
    // Blobs of no bytes are not worth a look.
    expect(blobRequests().length).toBeLessThanOrEqual(all - stopAt + 1);
    expect(readFileSync(at("a.tar")).equals(readFileSync(at("whole.tar")))).toBe(true);
    expect(readdirSync(directory).filter(name => name.endsWith(".part"))).toEqual([]);
  });

  test("a file under way may hold anything", async () => {
    await make("whole.tar");
    const whole = readFileSync(at("whole.tar"));
    const given = await ingredients();
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(2 * whole.length), async (flips, length) => {
        const part = Buffer.concat([whole, whole]).subarray(0, length);
        for (const [place, bits] of flips) if (place < length) part[place] = (part[place] ?? 0) ^ bits;
        writeFileSync(at("a.tar.part"), part);
        await makeBundle(given, session, { out: at("a.tar"), signer });
        const equal = readFileSync(at("a.tar")).equals(whole);
        rmSync(at("a.tar"));
        expect(equal).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  test("a signature that comes out otherwise each time is kept, so that nothing moves", async () => {
    registry.misbehave = (request, response) => {
      if (!request.url?.includes("/blobs/")) return false;
      response.writeHead(403).end();
      return true;
    };
    await expect(make("a.tar", { signer: fickleSigner })).rejects.toThrow(/403/);
    const before = readFileSync(at("a.tar.part")).subarray(0, 8192);
    registry.misbehave = undefined;
    await make("a.tar", { signer: fickleSigner });
    expect(readFileSync(at("a.tar")).subarray(0, 8192).equals(before)).toBe(true);
  });

  test("nothing is written over, and what another split left is removed", async () => {
    writeFileSync(at("a.tar.002"), "");
    await expect(make("a.tar")).rejects.toThrow(/a.tar.002 is there already/);
    rmSync(at("a.tar.002"));
    for (const name of ["a.tar.003.part", "a.tar.part", "a.tar.old.part"]) writeFileSync(at(name), "");
    await make("a.tar");
    expect(readdirSync(directory).sort()).toEqual(["a.tar", "a.tar.old.part", "auth.json"]);
    await expect(make("a.tar")).rejects.toThrow(/a.tar is there already/);
    await expect(make("none/a.tar")).rejects.toThrow(/ENOENT/);
  });
});

describe("parts", () => {
  test("are slices of the same bytes, and are gone on with too", async () => {
    await make("whole.tar");
    registry.misbehave = (request, response, count) => {
      if (!request.url?.includes("/blobs/") || count % 7 !== 0) return false;
      response.writeHead(403).end();
      return true;
    };
    await make("p.tar", { split: 1_000_000, parallel: 1 }).catch(() => undefined);
    registry.misbehave = undefined;
    const { files: parts } = await make("p.tar", { split: 1_000_000 });
    expect(parts.map(part => part.slice(at("p.tar").length))).toEqual(
      [".001", ".002", ".003", ".004", ".005", ".006"].slice(0, parts.length),
    );
    expect(parts.length).toBeGreaterThan(4);
    expect(Buffer.concat(parts.map(part => readFileSync(part))).equals(readFileSync(at("whole.tar")))).toBe(true);
  });

  test("cover every byte once", () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 7, max: 900 }),
      fc.nat(5000),
      fc.nat(5000),
    );
    fc.assert(
      fc.property(sizes, ([total, split, start, size]) => {
        const slices = slicesOf("x", total, split);
        const bytes = slices.flatMap(slice => Array.from({ length: slice.size }, (_, each) => slice.start + each));
        expect(bytes).toEqual(Array.from({ length: total }, (_, each) => each));
        const ranges = [...rangesOf(slices, start, size)];
        const found = ranges.flatMap(range =>
          Array.from({ length: range.size }, (_, each) => (slices[range.slice]?.start ?? 0) + range.at + each),
        );
        expect(found).toEqual(bytes.slice(start, start + size));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["4GB", 4e9],
    ["1.5GiB", 1.5 * 1024 ** 3],
    ["10 MB", 1e7],
  ])("%s", (text, bytes) => expect(parseSize(text)).toBe(bytes));
  test.each(["4", "0GB", "-1GB", "4gb", "1e3GB", "4GB GB", ""])("%j is no size", text =>
    expect(() => parseSize(text)).toThrow(/no size/),
  );
  test("at most 999", () => expect(() => slicesOf("x", 1e10, 1e6)).toThrow(/would be 10000 parts/));
});

describe("a delta", () => {
  test("carries what the base lacks, and names the base", async () => {
    const old = await make("old.tar");
    const digests = new Set(
      namesIn(at("old.tar"))
        .slice(3)
        .map(name => name.replace("blobs/sha256/", "sha256:")),
    );
    const base: Base = { index: old.index, version: old.version, digests };
    const changed = randomBytes(400_000);
    wanted = release(registry.add, changed);
    registry.requests.length = 0;
    const next = { ...facts, version: "1.2.4" };
    const made = await make("new.tar", {}, { base, facts: next });
    expect(JSON.parse(fileIn(at("new.tar"), "index.json").toString()).annotations).toMatchObject({
      [annotationKeys.base]: old.index,
      [annotationKeys.baseVersion]: "1.2.3",
    });
    expect(namesIn(at("new.tar")).some(name => digests.has(name.replace("blobs/sha256/", "sha256:")))).toBe(false);
    expect(blobRequests()).toHaveLength(2);
    expect(made.left).toBeGreaterThan(8);
    expect(made.bytes - changed.length).toBeLessThan(20_000);
  });
});

describe("what its own reader would refuse is not made", () => {
  const titled = (title: string) => ({ files: [...files, { title, content: Buffer.from("x") }] });
  test.each<[string, () => Partial<Ingredients>, RegExp]>([
    ["a title with a comma", () => titled("sbom/a-li,nux.cdx.json"), /has the title "sbom\/a-li,nux\.cdx\.json"/],
    ["a title too long", () => titled(`sbom/${"a".repeat(129)}`), /has the title "sbom\/a+/],
    ["a title that leads out", () => titled("../x"), /has the title "\.\.\/x"/],
  ])("%s", async (_, more, message) => {
    const made = make("b.tar", {}, more());
    await expect(made).rejects.toThrow(/^nobody could open this bundle: /);
    await expect(made).rejects.toThrow(message);
    expect(readdirSync(directory)).toEqual(["auth.json"]);
  });
  test("a repository twice", async () => {
    const images = await collectImages(session, wanted);
    const [first] = images.images;
    const twice = { ...images, images: first ? [first, ...images.images] : [] };
    await expect(make("b.tar", {}, { collected: twice })).rejects.toThrow(/names "palisade\/collector" after/);
  });
});

describe("images that are refused", () => {
  const collecting = (digest: string) => collectImages(session, [{ repository: "x/y", digest }]);
  const json = (value: object) => registry.add(Buffer.from(JSON.stringify(value)));
  test("the registry lacks it", async () => {
    await expect(collecting(`sha256:${"0".repeat(64)}`)).rejects.toThrow(/x\/y\/manifests\/sha256:0+: it answered 404/);
  });
  test("an index that says another size of a manifest", async () => {
    const one = image(registry.add, [Buffer.from("x")]);
    await expect(collecting(platforms(registry.add, [{ ...one, size: one.size + 1 }]).digest)).rejects.toThrow(
      /is not that/,
    );
  });
  test("indexes without end", async () => {
    let top = image(registry.add, [Buffer.from("x")]);
    for (let depth = 0; depth < 3; depth++) top = platforms(registry.add, [top]);
    await expect(collecting(top.digest)).rejects.toThrow(/2 indexes deep/);
  });
  test("a layer that no tar can hold", async () => {
    const layer = { mediaType: "application/x", digest: `sha256:${"1".repeat(64)}`, size: 8 ** 11 };
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const digest = json({ schemaVersion: 2, mediaType, config: { ...layer, size: 1 }, layers: [layer] });
    await expect(collecting(digest)).rejects.toThrow(/its layer sha256:1+ has 8589934592 bytes/);
  });
  test("not of the form", async () => {
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    await expect(collecting(json({ schemaVersion: 2, mediaType, layers: [] }))).rejects.toThrow(/x\/y@sha256:.*config/);
  });
});
