// PF-3, RT-12: where images go and are served from: what may be said, tags that never move, and pulls that end before the registry does.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../../../src/onprem/format/refusal";
import { serveImages } from "../../../../src/onprem/images/serve";
import type { ImageSource } from "../../../../src/onprem/images/source";
import { tagOf } from "../../../../src/onprem/images/tag";
import { wordsOf } from "../../../../src/onprem/installer/images-part";
import { main } from "../../../../src/onprem/installer/main";
import { listenAddress, runServe } from "../../../../src/onprem/installer/serve";
import { MadeBundle } from "../images/image-bundle";

test.each([
  ["127.0.0.1:5000", { host: "127.0.0.1", port: 5000 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  ["node-1.example:443", { host: "node-1.example", port: 443 }],
])("%s is an address to serve on", (text, found) => expect(listenAddress(text)).toEqual(found));
test.each(["", ":5000", "a", "a:", "a:65536", "::1:5000", "[a]:1", "[::1]", "a b:1", "http://a:1", "a:1/x", "a:1\n"])(
  "`%s` is none",
  text => expect(() => listenAddress(text)).toThrow(/is no address to serve on[\s\S]*--listen HOST:PORT/),
);
test("any other text is refused by name or understood, and nothing else", () => {
  fc.assert(
    fc.property(fc.string(), text => {
      try {
        const { host, port } = listenAddress(text);
        expect([`${host}:${Number(port)}`, `[${host}]:${port}`]).toContain(text.replace(/:0*(\d)/, ":$1"));
      } catch (error) {
        expect(String(error)).toContain("--listen HOST:PORT");
      }
    }),
  );
});

test("a program is split into words, and no shell reads it", () => {
  expect(wordsOf(" k3s  ctr ")).toEqual(["k3s", "ctr"]);
  expect(wordsOf("ctr;reboot $(x)")).toEqual(["ctr;reboot", "$(x)"]);
  expect(wordsOf("  ")).toEqual(["ctr"]);
});

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
test("another digest has another tag, which every registry takes and no list of referrers has", () => {
  fc.assert(
    fc.property(hex, hex, (a, b) => {
      const tag = tagOf({ digest: `sha256:${a}` });
      expect(tag).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
      expect(tag).not.toMatch(/^sha256-/);
      expect(tag === tagOf({ digest: `sha256:${b}` })).toBe(a === b);
    }),
  );
});

test("half a certificate is refused before the bundle is opened", async () => {
  const options = { key: "absent.pub", listen: "127.0.0.1:0", tlsCert: "a.crt" };
  await expect(runServe("absent.tar", options, "")).rejects.toThrow(/belong together[\s\S]*--tls-key FILE/);
  await expect(runServe("absent.tar", { ...options, tlsKey: "absent.key" }, "")).rejects.toThrow(/--tls-cert FILE/);
  expect(process.listenerCount("SIGTERM")).toBe(0);
});

test("an image target that there is not is wrong usage", async () => {
  expect(await main(["install", "absent.tar", "--key", "absent.pub", "--images-to", "cloud"])).toBe(2);
});

test("a blob that was altered since ends short, for whoever asks for any part of it, and is told", async () => {
  const root = mkdtempSync(join(tmpdir(), "palisade-serve-"));
  const bundle = new MadeBundle(root);
  const layer = bundle.layer(2 * 1024 * 1024);
  bundle.image("sanctum/backend", [layer]);
  const told: string[] = [];
  // As an open bundle does: the last piece comes only once the whole is as its digest says.
  let isAltered = false;
  const stream: ImageSource["stream"] = (descriptor, start) =>
    Readable.from(
      (async function* () {
        const bytes = readFileSync(bundle.file(descriptor.digest)).subarray(start);
        for (let at = 0; at < bytes.length; at += 65_536) {
          const piece = bytes.subarray(at, at + 65_536);
          if (isAltered && at + piece.length === bytes.length)
            throw new Refusal("blobs/x was altered.", "that nobody writes.");
          yield piece;
        }
      })(),
      { objectMode: false },
    );
  const registry = await serveImages(
    { index: bundle.index, read: blob => bundle.read(blob), stream, pieces: stream },
    { onAltered: found => told.push(found) },
  );
  try {
    const url = `http://${registry.address}/v2/sanctum/backend/blobs/${layer.digest}`;
    const whole = readFileSync(bundle.file(layer.digest));
    const parts = [undefined, "bytes=0-9", "bytes=100000-200000", `bytes=${layer.size - 5}-`, "bytes=-7"];
    const got = async (range?: string) =>
      Buffer.from(await (await fetch(url, { headers: range ? { range } : {} })).arrayBuffer());
    for (const [range, start, end] of [
      [undefined, 0, whole.length],
      ["bytes=0-9", 0, 10],
      ["bytes=65530-65545", 65_530, 65_546],
      ["bytes=100000-200000", 100_000, 200_001],
      ["bytes=-7", whole.length - 7, whole.length],
    ] as const)
      expect((await got(range)).equals(whole.subarray(start, end)), range).toBe(true);
    expect(told).toEqual([]);
    isAltered = true;
    for (const range of parts) await expect(got(range), range).rejects.toThrow();
    expect(told).toEqual(parts.map(() => "blobs/x was altered."));
  } finally {
    await registry.close();
    rmSync(root, { recursive: true });
  }
});

describe("a registry that ends", () => {
  let root: string;
  let bundle: MadeBundle;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "palisade-serve-"));
    mkdirSync(join(root, "blobs"));
    bundle = new MadeBundle(join(root, "blobs"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  async function pulling() {
    // More than sockets hold, so that it is under way for as long as nobody reads.
    const layer = bundle.layer(48 * 1024 * 1024);
    bundle.image("sanctum/backend", [layer]);
    const registry = await serveImages(bundle, { tag: tagOf });
    const url = `http://${registry.address}/v2/sanctum/backend/blobs/${layer.digest}`;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false }, resolve).once("error", reject);
    });
    return { layer, registry, answer, url };
  }
  const received = async (answer: IncomingMessage): Promise<number> => {
    let bytes = 0;
    for await (const chunk of answer) bytes += chunk.length;
    return bytes;
  };

  test("takes nobody new, and lets what is under way finish", async () => {
    const { layer, registry, answer, url } = await pulling();
    let hasEnded = false;
    const end = registry.close(60_000).then(() => {
      hasEnded = true;
    });
    await sleep(100);
    expect(hasEnded).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
    expect(await received(answer)).toBe(layer.size);
    await end;
  });

  test("cuts it after its time", async () => {
    const { registry, answer } = await pulling();
    await registry.close(50);
    await expect(received(answer)).rejects.toThrow("aborted");
  });
});
