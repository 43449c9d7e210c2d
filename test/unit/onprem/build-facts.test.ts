// RT-9: who built an image, from what and in which run, is taken from a file of the pipelines or not at all.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBuildFacts } from "../../../src/onprem/attest/build-facts";
import { Failure } from "../../../toolchain/failure";

const digest = `sha256:${"ab".repeat(32)}`;
const other = `sha256:${"cd".repeat(32)}`;
const images = new Map([
  ["sanctum/ai-core", digest],
  ["sanctum/backend", other],
]);
const run = {
  builderId: "https://ci.example.com/builders/1",
  pipelineId: "https://ci.example.com/runs/417",
  source: "git+https://git.example.com/sanctum",
};
const image = { ...run, digest, gitSha: "0123456789abcdef0123456789abcdef01234567" };
const whole = { bundle: run, images: { "sanctum/ai-core": image, "sanctum/backend": { ...image, digest: other } } };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-facts-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = (content: unknown) => {
  const path = join(directory, "provenance.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readBuildFacts(path, images);
};

test("facts on each image by its very digest are taken; others may stand beside them", async () => {
  const facts = await read({ ...whole, images: { ...whole.images, "iss/api": image } });
  expect(facts.bundle).toEqual(run);
  expect(facts.images.get("sanctum/backend")).toEqual({ ...image, digest: other });
});

test.each([
  ["no file", undefined, /no image of the release says who built it/],
  ["no such file", "/nowhere/provenance.json", /cannot be read: ENOENT/],
])("%s", async (_, path, message) => {
  await expect(readBuildFacts(path, images)).rejects.toThrow(message);
});

test.each<[string, unknown, RegExp]>([
  ["no JSON", "{", /is not JSON/],
  ["an image that is missing", { ...whole, images: { "sanctum/ai-core": image } }, /sanctum\/backend@\S+: not in it/],
  [
    "facts on another build of an image",
    { ...whole, images: { ...whole.images, "sanctum/backend": image } },
    /sanctum\/backend@sha256:cdcd\S+: it has sha256:abab/,
  ],
  ["no run of the bundle's own", { images: whole.images }, /bundle: /],
  [
    "a commit that is a branch",
    { ...whole, images: { ...whole.images, "sanctum/backend": { ...image, digest: other, gitSha: "main" } } },
    /images\.sanctum\/backend\.gitSha: is no commit/,
  ],
  ["an unknown fact", { ...whole, bundle: { ...run, secret: "x" } }, /bundle: Unrecognized key/],
  ["a run that is no URI", { ...whole, bundle: { ...run, pipelineId: "417" } }, /bundle\.pipelineId: /],
  ["too much", " ".repeat(1024 * 1024 + 1), /has 1048577 bytes/],
])("%s is refused", async (_, content, message) => {
  await expect(read(content)).rejects.toThrow(message);
});

test("credentials in an address are refused and not repeated", async () => {
  const source = "git+https://bot:never-to-be-seen@git.example.com/sanctum";
  const error = await read({ ...whole, bundle: { ...run, source } }).catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Failure);
  expect(String(error)).toContain("bundle.source: holds credentials");
  expect(String(error)).not.toContain("never-to-be-seen");
});

test("the example in a message is one that would be taken", async () => {
  const message = await readBuildFacts(undefined, new Map([["sanctum/ai-core", digest]])).catch(String);
  const shown = String(message).slice(String(message).indexOf("{"));
  const path = join(directory, "example.json");
  writeFileSync(path, shown);
  await expect(readBuildFacts(path, new Map([["sanctum/ai-core", digest]]))).resolves.toBeDefined();
});

test("whatever else is in the file, it is a Failure or facts on every image", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async content => {
      const path = join(directory, "any.json");
      writeFileSync(path, content);
      await expect(readBuildFacts(path, images)).rejects.toBeInstanceOf(Failure);
    }),
  );
});
