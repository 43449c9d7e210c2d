// "Add a workload" in the README, done as it says: the file, the stack, then what there is to type.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type Clone, openClone } from "./clone";
import { blockAfter } from "./markdown";

const example = (language: string) => blockAfter("README.md", "## Add a workload", language);

let clone: Clone;
beforeAll(async () => {
  clone = await openClone();
  const at = (file: string) => join(clone.directory, file);
  writeFileSync(at("src/catalog/notes.ts"), example("ts"));
  const stack = readFileSync(at("Pulumi.dev.yaml"), "utf8");
  writeFileSync(at("Pulumi.dev.yaml"), stringify(merged(parse(stack), parse(example("yaml")))));
});
afterAll(() => clone.close());

type Tree = { [key: string]: unknown };

function merged(into: Tree, more: Tree): Tree {
  const both = Object.entries(more).map(([key, value]): [string, unknown] => {
    const present = into[key];
    return [key, isTree(present) && isTree(value) ? merged(present, value) : value];
  });
  return { ...into, ...Object.fromEntries(both) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("the example passes the type checker", async () => {
  const result = await clone.type("npm run typecheck");
  expect(result.code, result.stdout).toBe(0);
});

test("the example is as short as it is said to be", () => {
  expect(example("ts").trimEnd().split("\n").length).toBeLessThanOrEqual(36);
});

test("its stack has no fault, and one without its image has", async () => {
  const sound = await clone.type("npx palisade config check --file Pulumi.dev.yaml");
  expect(sound.code, sound.stdout).toBe(0);
  const file = join(clone.directory, "Pulumi.dev.yaml");
  const text = readFileSync(file, "utf8");
  const faulty = parse(text) as { config: { "palisade:workloads": { notes: { images: Tree } } } };
  faulty.config["palisade:workloads"].notes.images = {};
  writeFileSync(join(clone.room, "Pulumi.dev.yaml"), stringify(faulty));
  const refused = await clone.type(`npx palisade config check --file ${join(clone.room, "Pulumi.dev.yaml")}`);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain("palisade:workloads.notes.images.api: found nothing");
});

test("the engine would create it, beside the workload that was there, reached from the edge", async () => {
  const all = await clone.type("npx palisade graph");
  expect(all.code, all.stdout).toBe(0);
  for (const workload of ["notes", "sanctum"]) expect(all.stdout).toContain(`${workload}_SaasWorkload["<b>`);
  expect(all.stdout).toMatch(/^ +palisade_Edge_edge ==>\|8443\| notes_SaasWorkload$/m);
  const { code, stdout } = await clone.type("npx palisade graph --workload notes");
  expect(code, stdout).toBe(0);
  for (const box of ["private_notes", "data_notes"]) expect(stdout).toContain(`subgraph ${box}[`);
  expect(stdout).toMatch(/^ +palisade_Edge_edge ==>\|8443\| notes_\w+_api$/m);
  expect(stdout).toMatch(/^ +notes_\w+_api ==>\|5432\| notes_\w+_postgres$/m);
});
