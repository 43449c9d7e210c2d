// IS-11, PF-3: the pages that lie in a bundle: which they are, and that no link in them leads to a page that is not there.
import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  asInBundle,
  linksIn,
  operatorIndex,
  operatorPages,
  runbookIndex,
} from "../../../src/onprem/recipe/operator-pages";
import { runbookFiles } from "../../../src/onprem/recipe/page-files";
import { anchorsOf, pages, read } from "../../docs/markdown";

const titles = new Map([
  ["runbooks/README.md", "runbooks/README.md"],
  ["runbooks/halted.md", "runbooks/halted.md"],
  ["docs/installing.md", "runbooks/installing.md"],
]);
const copied = (text: string, source = "docs/installing.md") => asInBundle(source, text, titles);

test.each([
  ["[halted](../runbooks/halted.md)", "[halted](halted.md)"],
  ["[`a` halted](../runbooks/halted.md#why)", "[`a` halted](halted.md#why)"],
  ["the [egress\nproxy](../runbooks/halted.md) refuses", "the [egress\nproxy](halted.md) refuses"],
  ["[here](#images), [world](https://example.com/a.md)", "[here](#images), [world](https://example.com/a.md)"],
  ["[the schema](stack.schema.json) and [`b`](../src/b.ts)", "the schema and `b`"],
  ["- [bundle](bundle.md#keys)\n- [list](../runbooks/README.md)", "- bundle\n- [list](README.md)"],
  ["`[a](bundle.md)`\n\n```\n[a](bundle.md)\n```\n[a](bundle.md)", "`[a](bundle.md)`\n\n```\n[a](bundle.md)\n```\na"],
  ["| `x` | [a](bundle.md) |", "| `x` | a |"],
])("%j is %j in a bundle", (text, wanted) => {
  expect(copied(text)).toBe(wanted);
});

test("from a runbook, the guide beside it is meant", () => {
  expect(copied("[how](../docs/installing.md#the-plan)", "runbooks/halted.md")).toBe("[how](installing.md#the-plan)");
});

test("whatever a page says, no link that is left leads out of the bundle, and text without a link stays", () => {
  const links = fc.constantFrom(
    "[a](b.md)",
    "[a\nb](../runbooks/halted.md)",
    "[`]`](../x.ts#y)",
    "[x](#y)",
    "[a](installing.md)",
  );
  const code = fc.constantFrom("`[a](b.md)`", "\n```\n[a](b.md)\n```\n");
  const words = fc.stringMatching(/^[ a-z.|#*()\n]*$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(links, code, words), { maxLength: 12 }), pieces => {
      const out = copied(pieces.join(" "));
      const there = linksIn(out).map(target => posix.join("runbooks", target.split("#")[0] ?? ""));
      expect(there.filter(title => ![...titles.values()].includes(title))).toEqual([]);
      expect(
        asInBundle("runbooks/installing.md", out, new Map([...titles.values()].map(title => [title, title]))),
      ).toBe(out);
      const plain = pieces.filter(piece => !piece.startsWith("[")).join(" ");
      expect(copied(plain)).toBe(plain);
    }),
  );
});

test("the index says which pages go along; those about AWS and about this project's tools do not", () => {
  const chosen = [...operatorPages(read(runbookIndex)).keys()];
  expect(chosen).toContain("docs/installing.md");
  expect(chosen).toContain("runbooks/install-failed.md");
  expect(chosen).toContain("runbooks/service-halted-in-a-cluster.md");
  for (const other of ["rollout-failed", "stack-locked", "drift-in-a-cluster", "certificate-not-issued"])
    expect(chosen).not.toContain(`runbooks/${other}.md`);
  expect(chosen.filter(source => !pages().includes(source))).toEqual([]);
});

test("the index in a bundle lists the pages that are there, and no others", () => {
  const listed = linksIn(operatorIndex(read(runbookIndex))).map(target => posix.join("runbooks", target));
  const chosen = [...operatorPages(read(runbookIndex)).keys()];
  expect(chosen.filter(source => source.startsWith("runbooks/") && source !== runbookIndex).sort()).toEqual(
    listed.filter(source => source.startsWith("runbooks/")).sort(),
  );
});

test("in the pages of a bundle every link leads to a page of it, and to a part that this one has", async () => {
  const files = new Map((await runbookFiles()).map(({ title, content }) => [title, String(content)]));
  expect([...files.keys()]).toContain("runbooks/installing.md");
  for (const [title, text] of files)
    for (const target of [...linksIn(text), ...[...text.matchAll(/\]\((#[^)\s]+)\)/g)].map(([, own = ""]) => own)]) {
      const [file = "", anchor] = target.split("#");
      const page = files.get(file === "" ? title : posix.join(posix.dirname(title), file));
      expect(page, `${title} leads to ${target}`).toBeDefined();
      if (anchor) expect(anchorsOf(page ?? ""), `${title} leads to ${target}`).toContain(anchor);
    }
});

test("no page of a bundle leaves an operator with commands of a stack alone", async () => {
  for (const { title, content } of await runbookFiles()) {
    const text = String(content);
    if (/^(pulumi|npx palisade) /m.test(text)) expect(text, title).toMatch(/from a bundle|of a bundle/i);
  }
});
