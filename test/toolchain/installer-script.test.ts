// The installer's program as one file: the same bytes from an empty cache, made once, and nothing in it that names this checkout (RT-1).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { installerScript } from "../../toolchain/installer/script";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-installer-script-"));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

test("it is made once, the same bytes again, of files that any checkout has in the same place", async () => {
  const said: string[] = [];
  const report = (title: string) => {
    said.push(title);
    return { done: () => undefined, failed: () => undefined, skipped: () => undefined };
  };
  const fromEmptyCache = (name: string) => {
    vi.stubEnv("PALISADE_CACHE", join(directory, name));
    return installerScript(report);
  };
  const first = await fromEmptyCache("a");
  const second = await fromEmptyCache("b");
  expect(said).toHaveLength(2);
  expect(await installerScript(report)).toEqual(second);
  expect(said).toHaveLength(2);
  const text = readFileSync(first.path, "utf8");
  expect(readFileSync(second.path, "utf8")).toBe(text);
  expect(text).not.toContain(PROJECT_DIRECTORY);
  expect(second.inputs).toEqual(first.inputs);
  expect(first.inputs.filter(input => !/^(src|toolchain|node_modules)\/|^package\.json$/.test(input))).toEqual([]);
  expect(first.inputs).toContain("src/onprem/installer/entry.ts");
  expect(first.inputs.some(input => input.startsWith("node_modules/commander/"))).toBe(true);
  // What it was made with is not kept.
  for (const made of readdirSync(join(directory, "b")).filter(name => name.startsWith("installer-script-")))
    expect(readdirSync(join(directory, "b", made)).sort()).toEqual(["inputs.json", "palisade.cjs"]);
});
