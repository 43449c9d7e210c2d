import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { catalog, loadCatalog } from "../../../src/catalog/catalog";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "palisade-catalog-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
const workload = (name: string) => `{ name: "${name}", services: {}, state: {} }`;

test("every file beside the catalogue is in it", () => {
  expect([...catalog.keys()]).toContain("sanctum");
});

test("a file that exports one workload is found, under whatever name it exports it", () => {
  write("anything.ts", `export const x: object = ${workload("sixth")};\nexport const other = 1;`);
  expect([...loadCatalog(directory).keys()]).toEqual(["sixth"]);
});

test("a file without a workload is named", () => {
  write("empty.ts", "export const x = 1;");
  expect(() => loadCatalog(directory)).toThrow(/`empty\.ts` exports no workloads; a file of the catalogue exports one/);
});

test("a file with two is named", () => {
  write("several.ts", `export const a = ${workload("a")}, b = ${workload("b")};`);
  expect(() => loadCatalog(directory)).toThrow(/`several\.ts` exports 2 workloads/);
});

test("two workloads of one name are refused, both files named", () => {
  write("one.ts", `export const a = ${workload("same")};`);
  write("two.ts", `export const b = ${workload("same")};`);
  expect(() => loadCatalog(directory)).toThrow(/`two\.ts` and `one\.ts` both have a workload named `same`/);
});
