// `palisade verify`: what it prints and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { byteProgress, inBytes } from "../../../src/cli/byte-progress";
import { EXIT, main } from "../../../src/cli/main";
import { files } from "../../../src/onprem/format/release";
import { configured } from "../onprem/bundle/configured";
import { make, throwAwaySigner } from "../onprem/bundle/maker";
import { keepPrinted } from "./printed";

// As vitest has it: a module that `require` loads has a Failure of its own.
vi.mock("../../../src/cli/load", () => ({
  load: () => ({
    verify: async (...args: Parameters<typeof import("../../../src/cli/verify").verify>) =>
      (await import("../../../src/cli/verify")).verify(...args),
  }),
}));

const directory = mkdtempSync(join(tmpdir(), "palisade-verify-"));
afterAll(() => rmSync(directory, { recursive: true }));
const signer = throwAwaySigner();
const made = await make(signer, await configured(signer));
const file = join(directory, "onprem-1.4.0.tar");
const key = join(directory, "vendor.pub");
writeFileSync(file, made.bytes);
writeFileSync(key, signer.publicKeyPem);

const printed = keepPrinted();
afterEach(() => {
  process.exitCode = undefined;
});

/** Exit code of a command line. */
async function run(...args: string[]): Promise<unknown> {
  await main(["verify", ...args]);
  return process.exitCode;
}

test("a good bundle is told by what it holds", async () => {
  expect(await run(file, "--key", key)).toBe(EXIT.done);
  expect(printed.stderr).toBe("");
  const rows = Object.fromEntries(printed.stdout.split("\n").map(line => line.split(/ {2,}/)));
  expect(rows).toMatchObject({
    version: "1.4.0",
    stack: "onprem (prod)",
    index: made.indexDigest,
    files: "8",
    configuration: "signed by the bundle's key",
    blobs: String(made.entries.length - 3),
    images: "2 (2.8 kB), with 2 attachments",
  });
});

test("machines get one document", async () => {
  expect(await run(file, "--key", key, "--json")).toBe(EXIT.done);
  expect(JSON.parse(printed.stdout)).toMatchObject({
    version: "1.4.0",
    index: made.indexDigest,
    bytes: made.bytes.length,
    blobsOfBase: 0,
    images: [{ repository: "palisade/collector" }, { repository: "sanctum/backend" }],
  });
});

test("a delta names its base, and is refused without", async () => {
  const plan = { version: "1.5.0", base: { index: made.indexDigest, version: "1.4.0" } };
  const have = new Set(made.entries.flatMap(({ descriptor }) => descriptor?.digest ?? []));
  const delta = join(directory, "delta.tar");
  writeFileSync(delta, (await make(signer, await configured(signer, plan), have)).bytes);
  expect(await run(delta, "--key", key)).toBe(EXIT.failed);
  expect(printed.stderr).toContain(`Then type: npx palisade verify ${delta} --key ${key} --base FILE\n`);
  expect(await run(delta, "--key", key, "--base", file)).toBe(EXIT.done);
  expect(printed.stdout).toContain(`delta on       1.4.0 (${made.indexDigest})`);
});

test("what is altered fails, and says what to type next", async () => {
  const bad = join(directory, "bad.tar");
  writeFileSync(bad, made.bytes.subarray(0, -1));
  expect(await run(bad, "--key", key)).toBe(EXIT.failed);
  expect(printed.stdout).toBe("");
  expect(printed.stderr).toMatch(/bad\.tar is refused: it has \d+ bytes: 1 are missing\./);
  expect(printed.stderr).toContain(`Then type: npx palisade verify ${bad} --key ${key}\n`);
});

test("configuration is held to the key that signed it, or to the one that was given", async () => {
  const approver = throwAwaySigner();
  const own = join(directory, "own.tar");
  writeFileSync(own, (await make(signer, await configured(signer, {}, approver))).bytes);
  expect(await run(own, "--key", key)).toBe(EXIT.done);
  expect(printed.stdout).toContain("configuration  signed by a key that lies in the bundle\n");
  const given = join(directory, "approver.pub");
  writeFileSync(given, approver.publicKeyPem);
  expect(await run(own, "--key", key, "--config-key", given)).toBe(EXIT.done);
  expect(printed.stdout).toContain("configuration  signed by the key that was given for it\n");
  expect(await run(own, "--key", key, "--config-key", key)).toBe(EXIT.failed);
  expect(printed.stderr).toMatch(/own\.tar is refused: config-manifest\.yaml\.sigstore\.json: .*it is by another key/);
  expect(printed.stderr).toContain(`Then type: npx palisade verify ${own} --key ${key} --config-key ${key}\n`);
  expect(await run(own, "--key", key, "--config-key", own)).toBe(EXIT.failed);
  expect(printed.stderr).toMatch(/^palisade: The key of who approves configuration is not one block of PEM/m);
});

test("a bundle is refused whose configuration is not the one that was signed", async () => {
  const other = join(directory, "other.tar");
  const draft = await configured(signer, { files: { [files.stack]: "of another\n" } });
  writeFileSync(other, (await make(signer, draft)).bytes);
  expect(await run(other, "--key", key)).toBe(EXIT.failed);
  expect(printed.stdout).toBe("");
  expect(printed.stderr).toMatch(/other\.tar is refused: config-manifest\.yaml: .*stack\.json has SHA-256/);
});

test.each([
  ["is not there", () => join(directory, "none.pub"), /cannot read the public key/],
  ["is no key", () => file, /public key/],
  [
    "is another's",
    () => {
      const other = join(directory, "other.pub");
      writeFileSync(other, throwAwaySigner().publicKeyPem);
      return other;
    },
    /another key/,
  ],
])("a key that %s fails", async (_, path, message) => {
  expect(await run(file, "--key", path())).toBe(EXIT.failed);
  expect(printed.stderr).toMatch(message);
});

test.each([[[]], [["x"]], [["x", "--key"]], [["x", "--key", "k", "--sign"]]])("wrong usage: %j", async args => {
  expect(await run(...args)).toBe(EXIT.usage);
});

test("progress moves on a terminal, and is plain lines elsewhere", () => {
  let time = 0;
  const shown = (isTTY: boolean) => {
    time = 0;
    const text: string[] = [];
    const out = { isTTY, write: (part: string) => text.push(part) > 0 };
    const progress = byteProgress("verifying b.tar", out, () => time);
    for (time = 100; time <= 40_000; time += 100) progress.at(time * 1000, 40_000_000);
    progress.end();
    progress.end();
    return text;
  };
  expect(shown(false)).toEqual(["  … verifying b.tar: 75 % of 40.0 MB, 1.0 MB/s, 10 s left\n"]);
  const moving = shown(true);
  expect(moving.length).toBeGreaterThan(100);
  expect(moving.at(0)).toBe("\r\u001b[K  … verifying b.tar: 0 % of 40.0 MB, 1.0 MB/s, 40 s left");
  expect(moving.at(-1)).toBe("\r\u001b[K");
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_200_000_000, "4.2 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(inBytes(bytes)).toBe(text);
});
