// Parts, directories and deltas: what is missing, mixed or more than there should be is refused (PF-3).
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openBundle, openWithFindings } from "../../../../src/onprem/bundle/open";
import { MOST_PARTS, partName, partsOf } from "../../../../src/onprem/bundle/parts";
import { closureOf } from "../../../../src/onprem/format/closure";
import { Failure } from "../../../../toolchain/failure";
import { digestOf, draft, make, tar, throwAwaySigner } from "./maker";

const root = mkdtempSync(join(tmpdir(), "palisade-forms-"));
afterAll(() => rmSync(root, { recursive: true }));
let directory = "";
let count = 0;
beforeEach(() => {
  directory = join(root, String(count++));
  mkdirSync(directory);
});

const signer = throwAwaySigner();
const { publicKeyPem } = signer;
const made = await make(signer, draft());
const other = await make(signer, draft({ version: "1.3.0", images: { "a/b": [Buffer.alloc(9000, "o")] } }));
const SLICE = 5120;

const at = (name: string) => join(directory, name);
const write = (name: string, bytes: Buffer | string) => {
  writeFileSync(at(name), bytes);
  return at(name);
};

async function refusal(name: string, options: { base?: string; again?: string } = {}): Promise<string> {
  try {
    await (await openBundle(at(name), { publicKeyPem, ...options })).close();
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
  return "accepted";
}

describe("parts", () => {
  const slices = (bytes: Buffer) =>
    Array.from({ length: Math.ceil(bytes.length / SLICE) }, (_, part) =>
      bytes.subarray(part * SLICE, (part + 1) * SLICE),
    );
  const ours = slices(made.bytes);
  const theirs = slices(other.bytes);
  const lay = () => ours.forEach((bytes, part) => void write(partName("b.tar", part + 1), bytes));
  const end = ours.length;
  const part = (number: number) => partName("b.tar", number);

  test.each<[string, () => unknown, string, RegExp]>([
    ["the first missing", () => rmSync(at(part(1))), "b.tar", /part b\.tar\.001 is missing/],
    ["one in the midst missing", () => rmSync(at(part(3))), "b.tar", /part b\.tar\.003 is missing/],
    ["the last missing", () => rmSync(at(part(end))), "b.tar", /has \d+ bytes/],
    ["all missing", () => rmSync(directory, { recursive: true }), "b.tar", /b\.tar is not there/],
    [
      "the second named",
      () => undefined,
      "b.tar.002",
      /not the first part\.[\s\S]*Type the command again with b\.tar\.001/,
    ],
    ["one more", () => write(part(end + 1), Buffer.alloc(100)), "b.tar", /the first has 5120/],
    [
      "one more of the same length",
      () =>
        writeFileSync(
          at(part(end)),
          Buffer.concat([ours.at(-1) ?? Buffer.alloc(0), Buffer.alloc(SLICE)]).subarray(0, SLICE),
        ),
      "b.tar",
      /too many/,
    ],
    ["an empty one more", () => write(part(end + 1), ""), "b.tar", /has \d+ bytes, the first/],
    [
      "two swapped",
      () => {
        renameSync(at(part(2)), at("x"));
        renameSync(at(part(3)), at(part(2)));
        renameSync(at("x"), at(part(3)));
      },
      "b.tar",
      /b\.tar\.00\d/,
    ],
    ["the last of another bundle", () => write(part(end), theirs.at(-1) ?? ""), "b.tar", /./],
    ["the second of another bundle", () => write(part(2), theirs[1] ?? ""), "b.tar", /./],
    ["the first of another bundle", () => write(part(1), theirs[0] ?? ""), "b.tar", /./],
    [
      "a directory in a part's place",
      () => {
        rmSync(at(part(2)));
        mkdirSync(at(part(2)));
      },
      "b.tar",
      /b\.tar\.002 is no plain file/,
    ],
    [
      "a short one in the midst",
      () => write(part(2), ours[1]?.subarray(0, 100) ?? ""),
      "b.tar",
      /part .*002 has 100 bytes, the first has 5120/,
    ],
    [
      "a pipe in a part's place",
      () => {
        rmSync(at(part(2)));
        execFileSync("mkfifo", [at(part(2))]);
      },
      "b.tar",
      /b\.tar\.002 is no plain file/,
    ],
  ])("refused: %s", async (_, change, name, message) => {
    lay();
    expect(await refusal("b.tar")).toBe("accepted");
    change();
    const refused = await refusal(name);
    expect(refused).not.toBe("accepted");
    expect(refused).toMatch(message);
    expect(refused).toMatch(/\nAllowed: .+\n.*\n?(Then type: npx palisade verify|.*[Tt]ype the command again with) /);
  });

  test("the whole is preferred where both lie, and a file beside is nobody's part", () => {
    expect(partsOf("b", ["b", "b.001", "b.002"])).toEqual(["b"]);
    expect(partsOf("b", ["b.001", "b.002", "b.tar", "b.0011", "b.1", "c.003"])).toEqual(["b.001", "b.002"]);
    expect(partName("b", MOST_PARTS)).toBe("b.999");
  });

  test("a name that ends as a part's is a whole one's, unless a first part lies beside it", async () => {
    expect(partsOf("b-1.4.100", ["b-1.4.100", "b-1.4.101"])).toEqual(["b-1.4.100"]);
    expect(() => partsOf("b.100", ["b.001", "b.100"])).toThrow(/not the first part/);
    expect(() => partsOf("b.100", ["b.101"])).toThrow(/not the first part/);
    write("onprem-1.4.100", made.bytes);
    expect(await refusal("onprem-1.4.100")).toBe("accepted");
    lay();
    rmSync(at(part(1)));
    expect(await refusal("b.tar.002")).toMatch(/b\.tar\.002 is refused/);
  });
});

describe("a directory", () => {
  const lay = () => {
    mkdirSync(at("b/blobs/sha256"), { recursive: true });
    for (const [name, content] of made.parts) writeFileSync(at(`b/${name}`), content);
  };
  const blob = made.entries.at(-1)?.name ?? "";

  test.each<[string, () => unknown, RegExp]>([
    ["an altered blob", () => write(`b/${blob}`, readFileSync(at(`b/${blob}`)).fill("z")), /was altered/],
    ["a longer blob", () => write(`b/${blob}`, `${readFileSync(at(`b/${blob}`))}x`), /has \d+ bytes/],
    ["a missing blob", () => rmSync(at(`b/${blob}`)), /is missing/],
    ["a blob that nothing refers to", () => write(`b/blobs/sha256/${"a".repeat(64)}`, "x"), /nothing refers to/],
    ["a file beside", () => write("b/install.sh", "x"), /"install\.sh" is no part/],
    ["a file called as what every object has", () => write("b/constructor", "x"), /"constructor" is no part/],
    ["another kind of blob", () => mkdirSync(at("b/blobs/sha512")), /"blobs\/sha512" is no part/],
    ["no signature", () => rmSync(at("b/index.json.sigstore.json")), /not signed/],
    ["no index", () => rmSync(at("b/index.json")), /index\.json is missing/],
    ["no blobs", () => rmSync(at("b/blobs"), { recursive: true }), /blobs is missing/],
    [
      "a link in a blob's place",
      () => {
        renameSync(at(`b/${blob}`), at("elsewhere"));
        symlinkSync(at("elsewhere"), at(`b/${blob}`));
      },
      /is a symbolic link/,
    ],
    [
      "a link in the blobs' place",
      () => {
        renameSync(at("b/blobs/sha256"), at("elsewhere"));
        symlinkSync(at("elsewhere"), at("b/blobs/sha256"));
      },
      /is a symbolic link/,
    ],
    [
      "a link in the index's place",
      () => {
        renameSync(at("b/index.json"), at("elsewhere"));
        symlinkSync(at("elsewhere"), at("b/index.json"));
      },
      /is a symbolic link/,
    ],
    [
      "a pipe in a blob's place",
      () => {
        rmSync(at(`b/${blob}`));
        execFileSync("mkfifo", [at(`b/${blob}`)]);
      },
      /is no file/,
    ],
    ["an index above 4 MiB", () => write("b/index.json", Buffer.alloc(4 * 1024 * 1024 + 1)), /at most 4194304/],
    ["the signature of another bundle", () => write("b/index.json.sigstore.json", other.signature), /of other bytes/],
    ["nothing", () => rmSync(at("b"), { recursive: true }), /b is not there/],
    [
      "an empty one",
      () => {
        rmSync(at("b"), { recursive: true });
        mkdirSync(at("b"));
      },
      /blobs is missing/,
    ],
  ])("refused: %s", async (_, change, message) => {
    lay();
    expect(await refusal("b")).toBe("accepted");
    change();
    expect(await refusal("b")).toMatch(message);
  });

  test("with hard links is its files", async () => {
    lay();
    linkSync(at(`b/${blob}`), at("elsewhere"));
    expect(await refusal("b")).toBe("accepted");
  });
});

describe("a delta", async () => {
  const layers = { "a/b": [Buffer.from("kept"), Buffer.from("old")], "c/d": [Buffer.from("unchanged")] };
  const old = await make(signer, draft({ version: "1.0.0", images: layers }));
  const plan = {
    version: "1.1.0",
    images: { ...layers, "a/b": [Buffer.from("kept"), Buffer.from("new layer")] },
    base: { index: old.indexDigest, version: "1.0.0" },
  };
  const have = new Set(closureOf(old.index, old.manifests).map(({ digest }) => digest));
  const delta = await make(signer, draft(plan), have);
  const everything = closureOf(delta.index, delta.manifests);
  const lacking = everything.filter(({ digest }) => have.has(digest));

  test("with its base gives all, and carries only what the base lacks", async () => {
    const { bundle, findings } = await openWithFindings(write("delta", delta.bytes), {
      publicKeyPem,
      base: write("old", old.bytes),
    });
    expect(delta.bytes.length).toBeLessThan(old.bytes.length);
    expect(findings.missing.map(({ digest }) => digest).sort()).toEqual(lacking.map(({ digest }) => digest).sort());
    for (const descriptor of everything) {
      expect(findings.here.has(descriptor.digest)).toBe(!have.has(descriptor.digest));
      expect(await bundle.read(descriptor)).toEqual(delta.blobs.get(descriptor.digest));
      expect(await buffer(bundle.stream(descriptor))).toEqual(delta.blobs.get(descriptor.digest));
    }
    await bundle.close();
  });

  test("without its base is refused, whole or cut, with the base and the command to type", async () => {
    write("delta", delta.bytes);
    // What a stranger can do without the key: leave out a new image, with all that is attached to it.
    const carried = new Set(delta.entries.flatMap(({ descriptor }) => descriptor?.digest ?? []));
    const [image] = delta.index.manifests.filter(({ digest, artifactType }) => !artifactType && carried.has(digest));
    const left = delta.parts.filter(([name]) => name !== `blobs/${image?.digest.replace(":", "/")}`);
    expect(left).toHaveLength(delta.parts.length - 1);
    write("cut", tar(left));
    for (const name of ["delta", "cut"])
      expect(await refusal(name, { again: `palisade upgrade ${name} --key k` })).toBe(
        `${at(name)} is refused: it is a delta on version "1.0.0" (${old.indexDigest}), and no base was given.\nAllowed: a delta together with its base.\nThe base is the whole bundle of that version, which was delivered before this one.\nThen type: palisade upgrade ${name} --key k --base FILE`,
      );
    expect(await refusal("cut", { base: write("old", old.bytes) })).toMatch(/stands where .* belongs|are missing/);
  });

  test.each<[string, () => Promise<string>, RegExp]>([
    ["another base", () => refusal("delta", { base: write("other", made.bytes) }), /the base given is version 1\.4\.0/],
    [
      "a base that was altered",
      () => refusal("delta", { base: write("bad", old.bytes.subarray(0, -1)) }),
      /bad is refused/,
    ],
    ["itself as base", () => refusal("delta", { base: at("delta") }), /is a delta itself/],
    ["a base that is not there", () => refusal("delta", { base: at("none") }), /none is not there/],
  ])("refused: %s", async (_, attempt, message) => {
    write("delta", delta.bytes);
    expect(await attempt()).toMatch(message);
  });

  test("a base with a whole bundle is refused", async () => {
    write("whole", made.bytes);
    expect(await refusal("whole", { base: write("old", old.bytes) })).toMatch(
      /the bundle is whole[\s\S]*again without `--base`/,
    );
  });

  test("that leaves out what its base lacks, or carries what it has, is refused", async () => {
    write("old", old.bytes);
    const carried = delta.entries.flatMap(({ descriptor }) => descriptor?.digest ?? []);
    for (const digest of carried) {
      write("less", (await make(signer, draft(plan), new Set([...have, digest]))).bytes);
      expect(await refusal("less", { base: at("old") })).toMatch(/where .* belongs|are missing/);
    }
    for (const digest of have) {
      const more = await make(signer, draft(plan), new Set([...have].filter(each => each !== digest)));
      if (more.bytes.length === delta.bytes.length) continue;
      write("more", more.bytes);
      expect(await refusal("more", { base: at("old") })).toMatch(/where .* belongs|too many/);
    }
  });

  test("any bit changed is refused", async () => {
    write("old", old.bytes);
    for (let place = 0; place < delta.bytes.length; place += 61) {
      const copy = Buffer.from(delta.bytes);
      copy.writeUInt8(copy.readUInt8(place) ^ (1 << (place % 8)), place);
      write("flipped", copy);
      expect(await refusal("flipped", { base: at("old") }), `byte ${place}`).not.toBe("accepted");
    }
  });

  test("that names a blob of its base with another size is refused", async () => {
    const layer = { digest: digestOf(Buffer.from("unchanged")), size: 1 };
    const lying = await make(signer, draft({ ...plan, images: { ...plan.images, "c/d": [layer] } }), have);
    write("lying", lying.bytes);
    expect(await refusal("lying", { base: write("old", old.bytes) })).toMatch(/with 1 bytes, and has 9 in the base/);
  });

  test("half a base in the index is refused", async () => {
    const half = draft(plan);
    delete half.index.annotations?.["dev.palisade.base-version"];
    write("half", (await make(signer, half, have)).bytes);
    expect(await refusal("half")).toMatch(/a digest and a version, or neither/);
  });
});
