// Programs of Go modules: built once, by whoever is first, and anew for another source; a build that fails leaves nothing.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Failure } from "../../toolchain/failure";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-go-program-"));
  vi.stubEnv("PALISADE_CACHE", join(root, "cache"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A module whose own program and that of `./other` say these words. */
function moduleThatSays(word: string, other = word): string {
  const module = join(root, "module");
  mkdirSync(join(module, "other"), { recursive: true });
  writeFileSync(join(module, "go.mod"), "module example.com/words\n\ngo 1.25\n");
  for (const [directory, said] of [
    [module, word],
    [join(module, "other"), other],
  ] as const)
    writeFileSync(join(directory, "main.go"), `package main\n\nfunc main() { print(${said}) }\n`);
  return module;
}

const kept = () => readdirSync(join(root, "cache"));

test("two who need a program get the same one; another source is another program", async () => {
  const module = moduleThatSays('"one"');
  const [first, second] = await Promise.all([1, 2].map(() => goProgram({ name: "words", module })));
  expect(second).toBe(first);
  expect(kept()).toHaveLength(1);
  moduleThatSays('"two"');
  const third = await goProgram({ name: "words", module });
  expect((await run(first ?? "", [])).stderr).toBe("one");
  expect((await run(third, [])).stderr).toBe("two");
});

test("two programs of a module are told apart by their packages, even under one name", async () => {
  const module = moduleThatSays('"own"', '"other"');
  const said = async (main?: string) => (await run(await goProgram({ name: "words", module, main }), [])).stderr;
  expect(await said()).toBe("own");
  expect(await said("./other")).toBe("other");
});

test("a source that is none is refused in the compiler's words, and nothing is kept", async () => {
  const failing = goProgram({ name: "words", module: moduleThatSays("noSuchWord") });
  await expect(failing).rejects.toThrow(Failure);
  await expect(failing).rejects.toThrow(/undefined: noSuchWord/);
  expect(kept()).toEqual([]);
});

test("without Go it says what the program was, and what to install", async () => {
  vi.stubEnv("PATH", root);
  const failing = goProgram({ name: "words", module: moduleThatSays('"one"') });
  await expect(failing).rejects.toThrow(/^go is not on PATH; \S+ or newer is needed to build words\nInstall Go /);
});
