// A body in chunks: the same bytes however it was cut up, and nothing that could be taken in two ways.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Chunked } from "../../../src/onprem/registry/chunked";
import { parseHead } from "../../../src/onprem/registry/head";
import { blobChunks } from "../../../src/onprem/registry/pull";
import { openRegistry } from "../../../src/onprem/registry/session";
import { randomLayer } from "./make-inputs";
import { startStandIn } from "./registry-stand-in";

/** Feeds a text in pieces of `size` bytes, each behind what was left of those before, as the reader of a socket does. */
function fed(bytes: Buffer, size: number): { body: Buffer; done: boolean } | undefined {
  const chunked = new Chunked();
  const buffer = Buffer.alloc(bytes.length);
  let filled = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const count = bytes.copy(buffer, filled, at, at + size);
    const end = chunked.decode(buffer, filled, filled + count);
    if (end === undefined) return undefined;
    filled = end;
  }
  return { body: buffer.subarray(0, filled), done: chunked.done };
}

describe("chunks", () => {
  test("give the body, wherever they and their pieces are cut", () => {
    const chunk = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom("", ";a=b", " ; x"),
      fc.boolean(),
    );
    const trailers = fc.constantFrom("", "x-sum: 1\r\n", "a: b\r\nc: d\r\n");
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12 }),
        trailers,
        fc.integer({ min: 1, max: 90 }),
        (chunks, end, size) => {
          const parts = chunks.map(([bytes, extension, upper]) => {
            const hex = bytes.length.toString(16);
            return [
              Buffer.from(`${upper ? hex.toUpperCase() : hex}${extension}\r\n`),
              Buffer.from(bytes),
              Buffer.from("\r\n"),
            ];
          });
          const text = Buffer.concat([...parts.flat(), Buffer.from(`0\r\n${end}\r\n`)]);
          const body = Buffer.concat(chunks.map(([bytes]) => bytes));
          expect(fed(text, size)).toEqual({ body, done: true });
          expect(fed(Buffer.concat([text, Buffer.from("more")]), size)).toEqual({ body, done: true });
          expect(fed(text.subarray(0, -1), size)?.done).toBe(false);
        },
      ),
    );
  });

  test.each([
    ["a size that is none", "x\r\n"],
    ["no size", "\r\n"],
    ["a negative size", "-1\r\n"],
    ["a size with a prefix", "0x1\r\na\r\n"],
    ["a size beyond all numbers", "fffffffffffff\r\n"],
    ["a line that ends as on Unix", "1\na\n0\n\n"],
    ["a chunk longer than it says", "1\r\nab\r\n0\r\n\r\n"],
    ["a line without end", `1;${"x".repeat(5000)}`],
    ["trailers without end", `0\r\n${"a: b\r\n".repeat(200)}`],
    ["an extension with a line of its own", "1;a\rb\r\na\r\n0\r\n\r\n"],
  ])("%s is refused", (_, text) => {
    for (const size of [1, 3, 10_000]) expect(fed(Buffer.from(text), size)).toBeUndefined();
  });
});

test.each([
  ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", true],
  ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", undefined],
  ["chunks of something packed", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked", undefined],
  ["chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", undefined],
  ["neither", "HTTP/1.1 200 OK\r\nServer: x", undefined],
])("a head that announces %s", (_, head, chunked) => {
  const found = parseHead(Buffer.from(`${head}\r\n\r\n`));
  expect(typeof found === "object" ? found.chunked : found).toBe(chunked);
});

test("a large blob in chunks is asked for once, also where a connection breaks, and its bytes are the blob's", async () => {
  const registry = await startStandIn();
  const session = openRegistry(registry.address, { authFile: "/dev/null", pauseMs: 2 });
  try {
    const blob = randomLayer(3, 4_300_000);
    const digest = registry.add(blob);
    let cut = false;
    registry.misbehave = (request, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.writeHead(
        start ? 206 : 200,
        start ? { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` } : {},
      );
      if (!cut) response.write(blob.subarray(0, 2_000_000), () => response.socket?.destroy());
      else response.end(blob.subarray(start));
      cut = true;
      return true;
    };
    const found: Buffer[] = [];
    for await (const chunk of blobChunks(session, "x/y", { digest, size: blob.length })) found.push(Buffer.from(chunk));
    expect(Buffer.concat(found).equals(blob)).toBe(true);
    expect(registry.requests).toHaveLength(2);
    expect(registry.requests[1]).toMatch(/bytes=\d+-/);
  } finally {
    session.close();
    await registry.close();
  }
});
