// Making a bundle: what lies beside it, and which names it may have.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { collectImages } from "../../../src/onprem/make/collect";
import { makeBundle } from "../../../src/onprem/make/make";
import { interruptedParts } from "../../../src/onprem/make/names";
import type { Ingredients } from "../../../src/onprem/make/plan";
import { openRegistry, type RegistrySession } from "../../../src/onprem/registry/session";
import { facts, files, image, randomLayer, signer, statementOn } from "./make-inputs";
import { type StandIn, startStandIn } from "./registry-stand-in";

let registry: StandIn;
let session: RegistrySession;
let directory: string;
let given: Ingredients;
beforeEach(async () => {
  registry = await startStandIn();
  directory = mkdtempSync(join(tmpdir(), "palisade-names-"));
  session = openRegistry(registry.address, { authFile: join(directory, "none.json"), pauseMs: 2 });
  const { digest } = image(registry.add, [randomLayer(1, 3_300_000)]);
  const collected = await collectImages(session, [{ repository: "sanctum/backend", digest }]);
  const attachments = collected.images.map(({ descriptor }) => statementOn(descriptor));
  given = { facts, collected, files, attachments };
});
afterEach(async () => {
  session.close();
  await registry.close();
  rmSync(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);
const bytesIn = (paths: string[]) => Buffer.concat(paths.map(path => readFileSync(path)));
const blobRequests = () => registry.requests.filter(each => each.includes("/blobs/"));
const make = (name: string, split?: number) => makeBundle(given, session, { out: at(name), signer, split });

describe("a name", () => {
  test.each([
    ["onprem-1.4.100", /onprem-1\.4\.100 ends as the number of a part does[\s\S]*--out .*onprem-1\.4\.100\.tar`/],
    ["b.tar.001", /ends as the number of a part does/],
    ["b.tar.part", /ends as a file under way does/],
    ["b.tar.part.owner", /ends as a file under way does/],
  ])("%s is refused before anything is written", async (name, message) => {
    await expect(make(name)).rejects.toThrow(message);
    await expect(make(name, 1_000_000)).rejects.toThrow(message);
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each(["onprem-1.4.10", "onprem-1.4.1000", "b.tar", "100", "part"])("%s is taken", async name => {
    await make(name);
    expect(readdirSync(directory)).toEqual([name]);
  });
});

describe("parts that were being named when the making was killed", () => {
  test("are gone on with by the same command, and none of their bytes is fetched again", async () => {
    const { files: parts } = await make("b.tar", 1_000_000);
    const bytes = bytesIn(parts);
    expect(parts.length).toBe(4);
    for (let named = 1; named < parts.length; named++) {
      for (const part of parts.slice(0, -named)) renameSync(part, `${part}.part`);
      registry.requests.length = 0;
      const { kept } = await make("b.tar", 1_000_000);
      expect(blobRequests()).toEqual([]);
      expect(kept).toBeGreaterThan(3_300_000);
      expect(bytesIn(parts).equals(bytes)).toBe(true);
      expect(readdirSync(directory).sort()).toEqual(["b.tar.001", "b.tar.002", "b.tar.003", "b.tar.004"]);
    }
  });

  test("of another making are written over, as a file under way is", async () => {
    const { files: parts } = await make("b.tar", 1_000_000);
    const bytes = bytesIn(parts);
    for (const part of parts.slice(0, -1)) renameSync(part, `${part}.part`);
    writeFileSync(at("b.tar.004"), "another's");
    await make("b.tar", 1_000_000);
    expect(bytesIn(parts).equals(bytes)).toBe(true);
  });

  test("are left alone by any other command", async () => {
    const { files: parts } = await make("b.tar", 1_000_000);
    for (const part of parts.slice(0, -1)) renameSync(part, `${part}.part`);
    await expect(make("b.tar")).rejects.toThrow(/b\.tar\.004 is there already/);
    expect(readdirSync(directory).sort()).toEqual(["b.tar.001.part", "b.tar.002.part", "b.tar.003.part", "b.tar.004"]);
  });

  test.each<[string, string[], string[]]>([
    ["all but the first named", ["b.001.part", "b.002", "b.003"], ["b.002", "b.003"]],
    ["the last named", ["b.001.part", "b.002.part", "b.003", "c.004"], ["b.003"]],
    ["none named", ["b.001.part", "b.002.part"], []],
    ["all named", ["b.001", "b.002"], []],
    ["the first is not under way", ["b.002.part", "b.003"], []],
    ["one in the midst is missing", ["b.001.part", "b.003"], []],
    ["one is there twice", ["b.001.part", "b.002.part", "b.002"], []],
    ["one after the last is under way", ["b.001.part", "b.002", "b.003.part"], []],
    ["the whole is there", ["b", "b.001.part", "b.002"], []],
  ])("%s", (_, names, parts) => expect(interruptedParts("b", names)).toEqual(parts));
});
