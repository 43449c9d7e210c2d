// Links, languages and listings of the pages.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ENGINE_VERSION, MINIMUM_GO, MINIMUM_NODE, MINIMUM_PYTHON } from "../../toolchain/versions";
import golden from "../preview/golden/dev.json";
import { anchorsOf, blocks, pages, pattern, read, transcripts } from "./markdown";

const links = pages().flatMap(page =>
  [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => ({ page, target }))
    .filter(({ target }) => !/^https?:/.test(target)),
);

test.each(links)("$page leads to $target", ({ page, target }) => {
  const [file = "", anchor] = target.split("#");
  const path = file ? join(dirname(page), file) : page;
  expect(existsSync(join(PROJECT_DIRECTORY, path))).toBe(true);
  if (anchor) expect(anchorsOf(read(path))).toContain(anchor);
});

test("every runbook is in the list of runbooks", () => {
  const listed = links
    .filter(({ page, target }) => page === "runbooks/README.md" && !target.startsWith(".."))
    .map(({ target }) => `runbooks/${target}`);
  expect(listed.sort()).toEqual(
    pages()
      .filter(page => /^runbooks\/(?!README)/.test(page))
      .sort(),
  );
});

test("the versions in the pages are those that the tools are held to", () => {
  const short = (version: string) => version.replace(/\.0$/, "");
  const readme = read("README.md");
  expect(readme).toContain(`Node.js ${short(MINIMUM_NODE)} or newer`);
  expect(readme).toContain(`Python ${short(MINIMUM_PYTHON)} or newer`);
  expect(readme).toContain(`Go ${MINIMUM_GO} or newer`);
  for (const page of ["README.md", "runbooks/engine-too-old.md"])
    expect(read(page)).toContain(`Pulumi ${ENGINE_VERSION} or newer`);
});

test("a block says what it holds, so that no command hides in one without a language", () => {
  const known = ["", "console", "diff", "json", "mermaid", "sh", "ts", "yaml"];
  const all = pages().flatMap(blocks);
  expect(all.filter(({ language }) => !known.includes(language))).toEqual([]);
  const hidden = all.filter(({ language, text }) => language === "" && /^\$? ?(npm|npx|pulumi|git) /m.test(text));
  expect(hidden).toEqual([]);
});

describe("what `npm start` prints, in the README", () => {
  const shown = transcripts("README.md").get("npm start") ?? "";

  test("counts what the golden preview of dev counts", () => {
    const count = Object.keys(golden).length;
    expect(shown).toContain(`    + ${count} created\n`);
    expect(read("README.md")).toContain(`\`${count} unchanged\``);
  });

  test("ends in the words of the program", () => {
    const program = read("src/cli/start.ts").replace(/\$\{STACK\}/g, "dev");
    const words = /^The dev stack is up[\s\S]*cannot show it:$/m.exec(shown)?.[0];
    expect(words).toBeDefined();
    expect(program).toContain(words);
  });
});

describe("a transcript", () => {
  const real = "one\n  two 12 s\nthree\nfour\n";
  test.each([
    ["one\n  two … s\n…\nfour\n", true],
    ["…\nfour\n", true],
    ["one\n…\n", true],
    ["one\nthree\nfour\n", false],
    ["one\n  two 12 s\nthree\n", false],
    ["…\nfour\nthree\n", false],
  ])("%j: %s", (shown, holds) => {
    expect(pattern(shown).test(real)).toBe(holds);
  });
});
