// PF-3, RT-9: time and version of a release are those of its commit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { releaseTime, requireCommit, taggedVersion } from "../../../src/onprem/recipe/release-origin";
import { run } from "../../../toolchain/run";

let repository: string;
let commit: string;
const git = async (...args: string[]) => {
  const who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const env = { ...process.env, GIT_COMMITTER_DATE: "2026-01-02T05:04:05+02:00", GIT_CONFIG_GLOBAL: "/dev/null" };
  const result = await run("git", ["-C", repository, ...who, ...args], { env });
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result.stdout.trim();
};
beforeAll(async () => {
  repository = mkdtempSync(join(tmpdir(), "palisade-origin-"));
  await git("init", "--quiet");
  await git("commit", "--quiet", "--allow-empty", "--message", "release");
  commit = await git("rev-parse", "HEAD");
});
afterAll(() => rmSync(repository, { recursive: true }));
beforeEach(() => vi.stubEnv("SOURCE_DATE_EPOCH", undefined));
afterEach(() => vi.unstubAllEnvs());

test("the time is the commit's, in UTC; SOURCE_DATE_EPOCH wins", async () => {
  expect(await releaseTime(commit, repository)).toBe("2026-01-02T03:04:05Z");
  vi.stubEnv("SOURCE_DATE_EPOCH", "0");
  expect(await releaseTime(commit, repository)).toBe("1970-01-01T00:00:00Z");
});

test("a commit that is not there has no time, and a text is none", async () => {
  await expect(releaseTime("ab".repeat(20), repository)).rejects.toThrow(/SOURCE_DATE_EPOCH is not set/);
  await expect(releaseTime(commit, tmpdir())).rejects.toThrow(/SOURCE_DATE_EPOCH is not set/);
  for (const text of ["", "yesterday", "-1", "1e9", "99999999999"]) {
    vi.stubEnv("SOURCE_DATE_EPOCH", text);
    await expect(releaseTime(commit, repository)).rejects.toThrow(/allowed are seconds since 1970/);
  }
});

test("the version is the highest tag of the commit that is one", async () => {
  await expect(taggedVersion(commit, repository)).rejects.toThrow(/--release-version 1\.4\.0/);
  for (const tag of ["v1.9.0", "v1.10.0-rc.1", "nightly", "v2", "1.10.0"]) await git("tag", tag);
  expect(await taggedVersion(commit, repository)).toBe("1.10.0");
});

test("a stack that was never released is refused, by name", () => {
  expect(() => requireCommit("0".repeat(40), "onprem")).toThrow(/placeholder[\s\S]*pulumi config set --path/);
  expect(() => requireCommit(commit, "onprem")).not.toThrow();
});
