// docs/controls.md: complete for what it covers, and about files that are there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { read } from "./markdown";

const rows = read("docs/controls.md")
  .split("\n")
  .filter(line => /^\| [A-Z]{2}-\d+ \|/.test(line))
  .map(line => line.split("|").map(cell => cell.trim()))
  .map(([, id = "", , met = "", shown = ""]) => ({ id, met: files(met), shown: files(shown) }));

function files(cell: string): string[] {
  return [...cell.matchAll(/`([\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:ts|json|yaml))`/g)].map(([, file = ""]) => file);
}

/** Those that are listed as not met yet. */
const later = [...(read("docs/controls.md").split("## Not yet")[1] ?? "").matchAll(/\b([A-Z]{2}-\d+) \(\w+\)/g)].map(
  ([, id = ""]) => id,
);

test("it names every control once: with what meets it, or as not met yet", () => {
  const all = Object.entries({ PF: 9, SA: 13, IS: 11, SP: 15, RT: 30, CP: 12 }).flatMap(([prefix, count]) =>
    Array.from({ length: count }, (_, i) => `${prefix}-${i + 1}`),
  );
  expect([...rows.map(row => row.id), ...later].sort()).toEqual(all.sort());
});

test.each(rows)("$id is met and shown by files that are there", ({ met, shown }) => {
  expect(met.length).toBeGreaterThan(0);
  expect(shown.length).toBeGreaterThan(0);
  expect([...met, ...shown].filter(file => !existsSync(join(PROJECT_DIRECTORY, file)))).toEqual([]);
  expect(shown.filter(file => !file.endsWith(".test.ts"))).toEqual([]);
});
