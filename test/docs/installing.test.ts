// docs/installing.md against the installer: what is looked at, what may be said, and how it ends.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { blocks, commands, read } from "./markdown";

const page = read("docs/installing.md");
const sourceOf = (room: string): string =>
  readdirSync(join(PROJECT_DIRECTORY, room))
    .map(name => read(join(room, name)))
    .join("\n");

test("every check of the preflight is in the table, by its name", () => {
  const source = sourceOf("src/onprem/preflight");
  const named = /(?:\b(?:ok|warning|failed)\(|\bconst id =)\s*"([a-z-]+)"/g;
  const ids = new Set([...source.matchAll(named)].map(([, id = ""]) => id));
  expect(ids.size).toBeGreaterThan(15);
  const table = page.split("## What is looked at first")[1] ?? "";
  expect([...ids].filter(id => !table.includes(`\`${id}\``))).toEqual([]);
});

test("every option and command that the page names is one of the installer's", () => {
  const source = sourceOf("src/onprem/installer");
  const typed = blocks("docs/installing.md").flatMap(commands);
  const own = typed.filter(command => command.startsWith("./palisade ")).join("\n");
  const options = [...own.matchAll(/ (--[a-z-]+)/g), ...page.matchAll(/`(--[a-z-]+)[ `]/g)].map(
    ([, name = ""]) => name,
  );
  expect(new Set(options).size).toBeGreaterThan(20);
  expect([...new Set(options)].filter(name => !source.includes(`"${name}`))).toEqual([]);
  const names = new Set([...own.matchAll(/^\.\/palisade ([a-z-]+)/gm)].map(([, name = ""]) => name));
  const known = [...names].filter(name => new RegExp(`[("\`]${name}(?: <bundle>)?"`).test(source));
  expect(known).toEqual([...names]);
});

test("every exit code is in the table, and no other", () => {
  const source = sourceOf("src/onprem/installer");
  const own = /const exit = \{([^}]+)\}/.exec(source)?.[1] ?? "";
  const codes = [...own.matchAll(/: (\d+)/g), ...source.matchAll(/process\.exit\((\d+)\)/g)].map(([, code]) => code);
  const shown = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
  expect(shown).toEqual([...new Set(codes)]);
});
