// docs/controls.md: complete for what it covers, and about files that are there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { read } from "./markdown";

const [onAws = "", inCluster = ""] = read("docs/controls.md").split("## In a customer's cluster");

/** Cells of the rows of a part, without the empty ones at its ends. */
function cells(part: string): string[][] {
  return part
    .split("\n")
    .filter(line => /^\| [A-Z]{2}-\d+ \|/.test(line))
    .map(line =>
      line
        .split("|")
        .slice(1, -1)
        .map(cell => cell.trim()),
    );
}

const rows = cells(onAws).map(([id = "", , met = "", shown = ""]) => ({ id, met: files(met), shown: files(shown) }));
/** What is weaker there names files as well, so that it can be looked up. */
const clusterRows = cells(inCluster).map(([id = "", met = "", weaker = "", shown = ""]) => ({
  id,
  met: files(`${met} ${weaker}`),
  weaker,
  shown: files(shown),
}));

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

test("in a cluster it names a control at most once, and says where it is weaker", () => {
  const ids = clusterRows.map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(40);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  expect(clusterRows.filter(({ weaker }) => weaker === "")).toEqual([]);
  expect(ids.filter(id => ![...rows.map(row => row.id), ...later].includes(id))).toEqual([]);
});

test.each([...rows, ...clusterRows])("$id is met and shown by files that are there", ({ met, shown }) => {
  expect(met.length).toBeGreaterThan(0);
  expect(shown.length).toBeGreaterThan(0);
  expect([...met, ...shown].filter(file => !existsSync(join(PROJECT_DIRECTORY, file)))).toEqual([]);
  expect(shown.filter(file => !file.endsWith(".test.ts"))).toEqual([]);
});
