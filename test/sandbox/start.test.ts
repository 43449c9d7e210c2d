// A new user's first minutes: `npm start` in a fresh copy of the project, again, by hand, and down.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunResult, run } from "../../toolchain/run";
import { freePort, sandboxDown } from "../../toolchain/sandbox";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

let room: string;
let clone: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  room = mkdtempSync(join(tmpdir(), "palisade-start-"));
  clone = join(room, "palisade");
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: PROJECT_DIRECTORY,
  });
  for (const file of listed.stdout.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    copyFileSync(join(PROJECT_DIRECTORY, file), join(clone, file));
  }
  const { PULUMI_BACKEND_URL: _, PULUMI_HOME: __, PULUMI_CONFIG_PASSPHRASE_FILE: ___, ...rest } = process.env;
  env = { ...rest, PALISADE_LOCAL_AWS: `http://127.0.0.1:${await freePort()}` };
});
afterAll(async () => {
  await sandboxDown(join(clone, ".palisade"));
  rmSync(room, { recursive: true });
});

const type = (command: string): Promise<RunResult> => run("sh", ["-c", command], { cwd: clone, env });
const unchanged = /Resources:\n\s+\d+ unchanged\n/;

describe.sequential("a fresh copy", () => {
  test("`npm start` installs what it needs, creates everything, and says what to do next", async () => {
    const result = await type("npm start");
    expect(result.stdout + result.stderr).toMatch(/Resources:\n\s+\+ \d+ created\n/);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/url +: "https:\/\/sanctum\.dev\.example\.com"/);
    for (const next of ["look", "change", "take down", "Switched off"]) expect(result.stdout).toContain(next);
  });

  test("a second `npm start` changes nothing; two at once take turns", async () => {
    const results = await Promise.all([type("npm start"), type("npm start")]);
    for (const result of results) {
      expect(result.stdout).toMatch(unchanged);
      expect(result.code).toBe(0);
    }
    expect(results.filter(result => result.stderr.includes("waiting for it"))).toHaveLength(1);
  });

  test("no file of the project was touched", () => {
    for (const file of ["Pulumi.dev.yaml", "Pulumi.yaml", "package-lock.json"])
      expect(readFileSync(join(clone, file), "utf8")).toBe(readFileSync(join(PROJECT_DIRECTORY, file), "utf8"));
  });

  test("`pulumi`, typed by hand, sees the same stack", async () => {
    const result = await type(
      'eval "$(npx palisade env)" && pulumi preview --stack dev --expect-no-changes --non-interactive',
    );
    expect(result.stdout + result.stderr).toMatch(unchanged);
    expect(result.code).toBe(0);
  });

  test("a local AWS that lost its memory is noticed; `npx palisade down` still ends with nothing left", async () => {
    expect((await type("npx palisade sandbox down")).stdout).toContain("its memory is gone");
    const result = await type("npx palisade down");
    expect(result.stderr).toContain("the local AWS was started anew and is empty");
    expect(result.stdout).toContain("The dev stack is destroyed and the local AWS stopped.");
    expect(result.code).toBe(0);
    expect((await type("npx palisade sandbox status")).code).toBe(1);
  });
});
