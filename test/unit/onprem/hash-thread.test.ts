// Unit tests: the thread that hashes. (PF-3)
import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { HashThread } from "../../../src/onprem/make/hash-thread";

let thread = new HashThread();
afterEach(async () => {
  await thread.close();
  thread = new HashThread();
});

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

test("sums of several blobs at once, each in its pieces, of shared memory and of its own", async () => {
  const blobs = fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(blobs, fc.boolean(), async (all, isShared) => {
      const sums = await Promise.all(
        all.map(async pieces => {
          const sum = thread.sum();
          for (const piece of pieces) await sum.update(isShared ? shared(piece) : Buffer.from(piece));
          return sum.digest();
        }),
      );
      expect(sums).toEqual(all.map(pieces => digestOf(Buffer.concat(pieces))));
    }),
    { numRuns: 50 },
  );
});

test("memory is used again once a piece of it is summed", async () => {
  const piece = shared(Buffer.alloc(512 * 1024, 1));
  const sum = thread.sum();
  await sum.update(piece);
  piece.fill(2);
  await sum.update(piece);
  expect(await sum.digest()).toBe(digestOf(Buffer.concat([Buffer.alloc(512 * 1024, 1), Buffer.alloc(512 * 1024, 2)])));
});

test("a thread that ends in the middle is an error for who waits, and for nobody else", async () => {
  const [left, waited] = [thread.sum(), thread.sum()];
  left.update(Buffer.alloc(1));
  const last = waited.update(shared(Buffer.alloc(64 * 1024 * 1024)));
  await thread.close();
  await expect(last).rejects.toThrow(/the thread that hashes has ended/);
});

test("one that was never asked is closed", async () => {
  await expect(thread.close()).resolves.toBeUndefined();
});

function shared(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(new SharedArrayBuffer(bytes.length));
  buffer.set(bytes);
  return buffer;
}
