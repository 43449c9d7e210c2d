// Tampering: whatever is changed in a bundle, it is refused, with a message a person can act on (PF-3, RT-9).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openBundle } from "../../../../src/onprem/bundle/open";
import { BLOCK, checksum, END, encodeHeader, fields, paddingOf } from "../../../../src/onprem/tar/header";
import { Failure } from "../../../../toolchain/failure";
import { draft, make, tar, throwAwaySigner } from "./maker";

const directory = mkdtempSync(join(tmpdir(), "palisade-mutations-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, "bundle.tar");

const signer = throwAwaySigner();
const stranger = throwAwaySigner();
const made = await make(signer, draft());
const foreign = await make(stranger, draft());
const older = await make(signer, draft({ version: "1.3.0" }));
const { bytes, entries, parts } = made;

/** What is wrong with a bundle of these bytes; undefined if nothing is. */
async function refusal(of: Buffer): Promise<string | undefined> {
  writeFileSync(path, of);
  try {
    await (await openBundle(path, { publicKeyPem: signer.publicKeyPem })).close();
    return undefined;
  } catch (error) {
    // Anything else would show a stack instead of what to do.
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}

function expectSane(message: string | undefined): asserts message is string {
  expect(message).toBeDefined();
  const [found, allowed, ...next] = (message ?? "").split("\n");
  expect(found).toMatch(/bundle\.tar is refused: .{15,}/);
  expect(allowed).toMatch(/^Allowed: .+/);
  expect(next.at(-1)).toBe(`Then type: npx palisade verify ${path} --key KEY`);
  expect(message?.length).toBeLessThan(1500);
  expect(message).not.toMatch(/[^\n\x20-\x7e]/);
}

function flipped(at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  return copy;
}

/** The tar with one header changed, its checksum made good again. */
function reheaded(entry: number, change: (header: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  const start = (entries[entry]?.offset ?? 0) - BLOCK;
  const header = copy.subarray(start, start + BLOCK);
  change(header);
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, fields.checksum[0], "latin1");
  return copy;
}

const put = (field: keyof typeof fields, text: string) => (header: Buffer) => {
  const [start, length] = fields[field];
  header.fill(0, start, start + length).write(text, start, length, "latin1");
};

/** The tar with entries changed, each header right for its content. */
const rebuilt = (change: (entries: [string, Buffer][]) => void): Buffer => {
  const copy = [...parts];
  change(copy);
  return tar(copy);
};

const title = (entry: number) => entries[entry]?.name.replace(/^(blobs\/sha256\/.{8}).*/, "$1…") ?? "";
const first = 3;
const lastEntry = parts.length - 1;
const mutations = new Map<string, () => Buffer>();

for (const [at, { offset, size }] of entries.entries()) {
  const name = `${at} (${title(at)})`;
  for (const [field, [start]] of Object.entries(fields))
    mutations.set(`bit of ${field} of entry ${name}`, () => flipped(offset - BLOCK + start, at % 8));
  for (const place of new Set([0, size >> 1, size - 1]))
    mutations.set(`bit of byte ${place} of entry ${name}`, () => flipped(offset + place, (at + place) % 8));
  if (paddingOf(size) > 0) {
    mutations.set(`first of the padding of entry ${name}`, () => flipped(offset + size, at % 8));
    mutations.set(`last of the padding of entry ${name}`, () => flipped(offset + size + paddingOf(size) - 1, at % 8));
  }
  mutations.set(`cut before entry ${name}`, () => bytes.subarray(0, offset - BLOCK));
  mutations.set(`cut in the header of entry ${name}`, () => bytes.subarray(0, offset - 100));
  mutations.set(`cut in the midst of entry ${name}`, () => bytes.subarray(0, offset + (size >> 1)));
  mutations.set(`ended early, as it should end, before entry ${name}`, () => tar(parts.slice(0, at)));
  mutations.set(`without entry ${name}`, () => rebuilt(list => list.splice(at, 1)));
  mutations.set(`entry ${name} twice`, () => rebuilt(list => list.splice(at, 0, ...list.slice(at, at + 1))));
  mutations.set(`entry ${name} again at the end`, () => rebuilt(list => list.push(...list.slice(at, at + 1))));
  if (at < lastEntry)
    mutations.set(`entry ${name} after the next`, () =>
      rebuilt(list => list.splice(at, 2, ...list.slice(at, at + 2).reverse())),
    );
  if (at >= first && at < lastEntry)
    mutations.set(`content of entry ${name} swapped with the next`, () =>
      rebuilt(list => {
        const [one, two] = list.slice(at, at + 2);
        if (one && two) list.splice(at, 2, [one[0], two[1]], [two[0], one[1]]);
      }),
    );
  if (at >= first)
    mutations.set(`a gzip bomb in place of entry ${name}`, () =>
      rebuilt(list => list.splice(at, 1, [list[at]?.[0] ?? "", gzipSync(Buffer.alloc(8 * 1024 * 1024))])),
    );
}
for (const kind of ["1", "2", "3", "4", "5", "6", "7", "L", "K", "S", "V", "M", "x", "g", "\0", "9"])
  for (const at of [0, 1, 2, first, lastEntry])
    mutations.set(`type ${JSON.stringify(kind)} of entry ${at}`, () => reheaded(at, put("type", kind)));
for (const name of [
  "../../etc/passwd",
  "/etc/passwd",
  "blobs/sha256/../../../etc/passwd",
  "blobs/sha256/..",
  "./index.json",
  "blobs\\sha256\\x",
  "index.json\u0001",
  "",
  "x".repeat(100),
  `blobs/sha256/${"A".repeat(64)}`,
  `blobs/sha512/${"a".repeat(64)}`,
])
  for (const at of [0, 2, first, lastEntry])
    mutations.set(`name ${JSON.stringify(name)} of entry ${at}`, () => reheaded(at, put("name", name)));
for (const [field, text] of [
  ["prefix", "../.."],
  ["prefix", "blobs"],
  ["link", "/etc/passwd"],
  ["mode", "0000755\0"],
  ["mode", "0004755\0"],
  ["uid", "0001750\0"],
  ["gid", "0001750\0"],
  ["mtime", "14777777777\0"],
  ["owner", "root"],
  ["group", "root"],
  ["major", "0000001\0"],
  ["magic", "ustar  \0"],
  ["magic", ""],
  ["size", "77777777777\0"],
  ["size", "\u0080\0\0\0\0\0\0\0\0\0\0\u0001"],
  ["size", "-0000000001\0"],
  ["size", "         12\0"],
  ["size", "00000000000\0"],
] as const)
  for (const at of [1, 2, first, lastEntry])
    mutations.set(`${field} ${JSON.stringify(text)} of entry ${at}`, () => reheaded(at, put(field, text)));

const large = Buffer.alloc(4 * 1024 * 1024 + 1, "[");
const others: [string, () => Buffer][] = [
  ["nothing", () => Buffer.alloc(0)],
  ["one byte", () => bytes.subarray(0, 1)],
  ["zeros alone", () => Buffer.alloc(bytes.length)],
  ["text", () => Buffer.from("#!/bin/sh\necho no bundle\n".repeat(100))],
  ["a gzipped bundle", () => gzipSync(bytes)],
  ["an end cut to one block", () => bytes.subarray(0, bytes.length - BLOCK)],
  ["no end", () => bytes.subarray(0, bytes.length - END)],
  ["a byte after the end", () => Buffer.concat([bytes, Buffer.alloc(1)])],
  ["zeros after the end", () => Buffer.concat([bytes, Buffer.alloc(10_240 - (bytes.length % 10_240))])],
  ["itself once more after the end", () => Buffer.concat([bytes, bytes])],
  ["a bit of the first block of the end", () => flipped(bytes.length - END + 5, 3)],
  ["a bit of the last byte", () => flipped(bytes.length - 1, 7)],
  [
    "an entry that nothing refers to",
    () => rebuilt(list => list.push([`blobs/sha256/${"a".repeat(64)}`, Buffer.from("x")])),
  ],
  ["a file of another name at the end", () => rebuilt(list => list.push(["install.sh", Buffer.from("rm -rf /")]))],
  ["a file of another name at the start", () => rebuilt(list => list.unshift(["install.sh", Buffer.from("rm -rf /")]))],
  ["an entry with a long name before it", () => Buffer.concat([longName(), bytes])],
  ["no signature", () => rebuilt(list => list.splice(2, 1))],
  ["an empty signature", () => rebuilt(list => list.splice(2, 1, [list[2]?.[0] ?? "", Buffer.alloc(0)]))],
  [
    "a foreign signature",
    () => rebuilt(list => list.splice(2, 1, [list[2]?.[0] ?? "", Buffer.from(foreign.signature)])),
  ],
  ["all of it signed by a stranger", () => foreign.bytes],
  [
    "the signature of another bundle",
    () => rebuilt(list => list.splice(2, 1, [list[2]?.[0] ?? "", Buffer.from(older.signature)])),
  ],
  ["index and signature of another bundle", () => tar([...older.parts.slice(0, 3), ...parts.slice(3)])],
  ["blobs of another bundle", () => tar([...parts.slice(0, 3), ...older.parts.slice(3)])],
  [
    "the first half of one and the second of another",
    () => Buffer.concat([bytes.subarray(0, 8192), older.bytes.subarray(8192)]),
  ],
  ["an index above 4 MiB", () => rebuilt(list => list.splice(1, 1, ["index.json", large]))],
  ["a signature above 64 KiB", () => rebuilt(list => list.splice(2, 1, [list[2]?.[0] ?? "", large]))],
  ["a layout above 4 MiB", () => rebuilt(list => list.splice(0, 1, ["oci-layout", large]))],
  [
    "another layout",
    () => rebuilt(list => list.splice(0, 1, ["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.1"}')])),
  ],
];
for (const [name, mutate] of others) mutations.set(name, mutate);

/** Text that would clear a screen and tell of another bundle, were it printed as it is. */
const forged = "\u001b[2J\u001b[Hverified  found\nversion   9.9.9\n\u202e";
/** Nobody has signed the signature's own file: a stranger may write into it what he likes. */
const rewritten = (change: (json: Record<string, unknown>) => void) => {
  const json = JSON.parse(made.signature) as Record<string, unknown>;
  change(json);
  return rebuilt(list => list.splice(2, 1, [list[2]?.[0] ?? "", Buffer.from(JSON.stringify(json))]));
};
for (const [path, isObject] of placesOf(JSON.parse(made.signature))) {
  const within = (json: Record<string, unknown>, keys: readonly string[]) =>
    keys.reduce((at, key) => at[key] as Record<string, unknown>, json);
  const key = path.at(-1);
  const place = path.join(".") || "the whole";
  if (isObject)
    for (const odd of [forged, "__proto__x", "x".repeat(50_000)])
      mutations.set(`key ${JSON.stringify(odd.slice(0, 20))} in the signature's ${place}`, () =>
        rewritten(json => Object.assign(within(json, path), { [odd]: 1 })),
      );
  if (key === undefined) continue;
  for (const odd of [forged, "x".repeat(50_000), "", 1, null, [forged], { [forged]: forged }])
    mutations.set(`${JSON.stringify(odd)?.slice(0, 20)} as the signature's ${place}`, () =>
      rewritten(json => Object.assign(within(json, path.slice(0, -1)), { [key]: odd })),
    );
  // It is empty, and may be absent.
  if (key !== "timestampVerificationData")
    mutations.set(`no ${place} in the signature`, () =>
      rewritten(json => {
        delete within(json, path.slice(0, -1))[key];
      }),
    );
}

/** Every place in a JSON document, and whether an object lies there. */
function placesOf(value: unknown, path: string[] = []): [string[], boolean][] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return [
    [path, isObject],
    ...(isObject ? Object.entries(value).flatMap(([key, each]) => placesOf(each, [...path, key])) : []),
  ];
}

function longName(): Buffer {
  const header = encodeHeader("././@LongLink", BLOCK);
  put("type", "L")(header);
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, fields.checksum[0], "latin1");
  return Buffer.concat([header, Buffer.alloc(BLOCK, "x")]);
}

test("the bundle is accepted as it is, also when it is put together anew", async () => {
  expect(await refusal(bytes)).toBeUndefined();
  expect(rebuilt(() => undefined)).toEqual(bytes);
  expect(await refusal(older.bytes)).toBeUndefined();
});

test("there are enough mutations, and each is one", () => {
  expect(mutations.size).toBeGreaterThan(400);
  for (const [name, mutate] of mutations) expect(mutate().equals(bytes), name).toBe(false);
});

test.each([...mutations])("refused: %s", async (_, mutate) => {
  expectSane(await refusal(mutate()));
});

describe("at random", () => {
  test("any bit flipped is refused", async () => {
    const places = fc.tuple(fc.nat(bytes.length - 1), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(places, async ([at, bit]) => expectSane(await refusal(flipped(at, bit)))),
      { numRuns: 300 },
    );
  });

  test("any length but its own is refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async length => expectSane(await refusal(bytes.subarray(0, length)))),
      { numRuns: 150 },
    );
  });

  test("any two entries swapped are refused", async () => {
    const pairs = fc.uniqueArray(fc.nat(lastEntry), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(pairs, async ([a = 0, b = 0]) => {
        const swapped = rebuilt(list => {
          const [one, two] = [list[a], list[b]];
          if (one && two) [list[a], list[b]] = [two, one];
        });
        expectSane(await refusal(swapped));
      }),
      { numRuns: 60 },
    );
  });
});

test.each<[string, () => Buffer, RegExp]>([
  ["no signature", () => rebuilt(list => list.splice(2, 1)), /not signed/],
  ["a stranger's", () => foreign.bytes, /index\.json: The signature is refused: it is by another key/],
  [
    "another's signature",
    () => tar([...parts.slice(0, 2), ...older.parts.slice(2, 3), ...parts.slice(3)]),
    /of other bytes/,
  ],
  ["a link", () => reheaded(first, put("type", "2")), /is a symbolic link/],
  ["a hard link", () => reheaded(first, put("type", "1")), /is a hard link/],
  ["a pax header", () => reheaded(first, put("type", "x")), /is a pax header/],
  ["a way out", () => reheaded(first, put("name", "../x")), /"\.\.\/x" leads out/],
  ["a mode", () => reheaded(first, put("mode", "0004755\0")), /the mode of blobs\/sha256\/\w+ is "0004755\\u0000"/],
  ["a size", () => reheaded(first, put("size", "00000000001\0")), /has 1 bytes/],
  ["a cut", () => bytes.subarray(0, bytes.length - END - 1), /it has \d+ bytes: 1025 are missing/],
  ["a cut at the head", () => bytes.subarray(0, 1200), /ends in the midst of the header of index\.json: 336 bytes/],
  ["more", () => Buffer.concat([bytes, Buffer.alloc(512)]), /it has \d+ bytes: 512 too many/],
  ["other content", () => flipped(entries.at(-1)?.offset ?? 0, 0), /was altered: its bytes have the digest sha256:/],
  ["an altered header", () => flipped((entries.at(-1)?.offset ?? 0) - BLOCK, 0), /its checksum does not hold/],
])("the message says what it is: %s", async (_, mutate, message) => {
  expect(await refusal(mutate())).toMatch(message);
});
