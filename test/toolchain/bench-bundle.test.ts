// Toolchain tests: `npm run bench:bundle` with a small size and without Zarf, whose build takes longer than all tests here, from its images to its last line, and what it leaves behind.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BundleCase } from "../../bench/bundle/report";
import { type RunResult, run } from "../../toolchain/run";

const root = join(__dirname, "..", "..");
let directory: string;
let result: RunResult;
let cases: BundleCase[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-bench-bundle-test-"));
  const env = { ...process.env, TMPDIR: directory };
  const words = ["bin/palisade.mjs", "bench", "bundle", "--size", "64MB", "--rounds", "1", "--no-zarf"];
  result = await run(process.execPath, words, { cwd: root, env });
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  cases = result.code === 0 ? (JSON.parse(last) as { cases: BundleCase[] }).cases : [];
}, 1_800_000);

afterAll(() => rmSync(directory, { recursive: true }));

test("measures every case, with what both sides of each took", () => {
  expect(result.code, result.stderr).toBe(0);
  expect(cases.map(({ raw }) => Object.keys(raw))).toEqual([
    ["palisade", "curl"],
    ["palisade", "sha256"],
    ["palisade", "skopeo"],
    ["palisade"],
    ["create", "verify", "verify, single size"],
  ]);
  for (const { raw, judged } of cases) {
    expect(judged.length).toBeGreaterThan(0);
    for (const samples of Object.values(raw))
      for (const sample of samples) {
        expect(sample.seconds).toBeGreaterThan(0);
        expect(sample.peakMiB).toBeGreaterThan(1);
      }
  }
});

test("finds, at any size and load, deltas that are small, and bounded memory", () => {
  const judged = cases.flatMap(each => each.judged);
  const met = (what: string) => judged.filter(each => each.what.includes(what)).map(each => each.met);
  expect(met("beyond the changed blobs'")).toEqual([true]);
  expect(met("peak memory")).not.toContain(false);
  expect(judged.filter(({ what }) => what.includes("peak memory")).length).toBeGreaterThanOrEqual(6);
});

test("leaves nothing behind", () => {
  expect(readdirSync(directory).filter(name => name.startsWith("palisade-"))).toEqual([]);
});

test("refuses what is no size, and says what is", async () => {
  const refused = await run(process.execPath, ["bin/palisade.mjs", "bench", "bundle", "--size", "many"], { cwd: root });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('"many" is no size');
  expect(refused.stderr).toContain("--size 64MB");
});
