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

test("it has the controls of the platform, of Sanctum and of ISS, each once", () => {
  const sanctum = Array.from({ length: 13 }, (_, i) => `SA-${i + 1}`);
  // IS-7 is recovery, IS-10 the other home.
  const iss = [1, 2, 3, 4, 5, 6, 8, 9, 11].map(i => `IS-${i}`);
  expect(rows.map(row => row.id)).toEqual(["PF-1", "PF-2", "PF-7", "PF-8", ...sanctum, ...iss]);
});

test.each(rows)("$id is met and shown by files that are there", ({ met, shown }) => {
  expect(met.length).toBeGreaterThan(0);
  expect(shown.length).toBeGreaterThan(0);
  expect([...met, ...shown].filter(file => !existsSync(join(PROJECT_DIRECTORY, file)))).toEqual([]);
  expect(shown.filter(file => !file.endsWith(".test.ts"))).toEqual([]);
});
