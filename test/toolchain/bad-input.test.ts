// Bad input at the command line: one clear message with the fix, exit code 1 (2 for wrong usage), nothing half-written.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { engineFailure } from "../../src/cli/engine-failure";
import { RUNTIME_FLAGS } from "../../toolchain/build";
import { onPath } from "../../toolchain/find";
import { type RunResult, run } from "../../toolchain/run";
import { openLocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

let room: string;
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), "palisade-bad-input-"));
});
afterEach(() => rmSync(room, { recursive: true }));

function palisade(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
  return run(process.execPath, [join(PROJECT_DIRECTORY, "bin", "palisade.mjs"), ...args], {
    cwd: PROJECT_DIRECTORY,
    env: { ...process.env, ...env },
    timeoutMs: 60_000,
  });
}

/** A PATH on which just these programs are found. */
function pathWith(...names: string[]): string {
  const directory = join(room, "bin");
  mkdirSync(directory, { recursive: true });
  for (const name of names) symlinkSync(onPath(name) ?? "", join(directory, name));
  return directory;
}

function fakeTool(name: string, answer: string): string {
  const directory = join(room, "fake");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(join(directory, name), 0o755);
  return directory;
}

describe("a missing tool", () => {
  const emptyCache = () => ({ PALISADE_CACHE: join(room, "cache"), PALISADE_DOWNLOADS: "off" });

  test.each([
    [
      "is not there",
      () => pathWith("node", "npm", "git", "tar", "python3"),
      /^palisade: go is not on PATH; 1\.25\.11 or newer is needed/,
    ],
    [
      "is too old",
      () => [fakeTool("go", "go version go1.19.3 linux/amd64"), process.env.PATH].join(delimiter),
      /^palisade: go is 1\.19\.3; 1\.25\.11 or newer is needed/,
    ],
  ])("Go %s: named, with the way to get it", async (_, path, message) => {
    const result = await palisade(["toolchain"], { ...emptyCache(), PATH: path() });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/npx palisade doctor/);
    expect(result.code).toBe(1);
    expect(existsSync(join(room, "cache"))).toBe(false);
  });

  test("the doctor lists it and fails; the rest is listed too", async () => {
    const result = await palisade(["doctor"], { PATH: pathWith("node", "npm", "git", "tar") });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/✗ {2}Go +nothing +1\.25\.11 or newer/);
    expect(result.stdout).toMatch(/✗ {2}Python +nothing/);
    expect(result.stdout).toMatch(/✓ {2}Node\.js/);
  });

  test("an engine that is too old is passed over", async () => {
    const path = [fakeTool("pulumi", "v3.100.0"), process.env.PATH].join(delimiter);
    const result = await palisade(["toolchain", "--json"], { PATH: path });
    expect(result.code).toBe(0);
    const { engine } = JSON.parse(result.stdout) as { engine: string };
    expect(engine).not.toContain(room);
  });
});

describe("a configuration with faults", () => {
  const faulty = () => {
    const text = readFileSync(join(PROJECT_DIRECTORY, "Pulumi.prod.yaml"), "utf8")
      .replace("palisade:region: eu-central-1", "palisade:region: eu-middle-9")
      .replace("palisade:compute: fargate", "palisade:compute: lambda")
      .replace(/logDays: \d+/, "logDays: 90d")
      .replace("palisade:mode: saas", "palisade:mode: saas\n  palisade:colour: green");
    const file = join(room, "Pulumi.prod.yaml");
    writeFileSync(file, text);
    return file;
  };

  test("is refused by `config check`, every fault with its path", async () => {
    const result = await palisade(["config", "check", "--file", faulty()]);
    expect(result.code).toBe(1);
    for (const path of ["palisade:region", "palisade:compute", "palisade:retention.logDays", "palisade:colour"])
      expect(result.stderr).toContain(path);
  });

  test("is refused by the program before the engine registers anything", async () => {
    const tools = await ensureToolchain();
    const stack = await openLocalStack({ name: "prod", directory: join(room, "stacks"), tools, source: faulty() });
    const result = await pulumi(stack, ["preview", "--json"]);
    expect(result.code).not.toBe(0);
    const text = result.stdout + result.stderr;
    for (const path of ["palisade:region", "palisade:compute", "palisade:retention.logDays", "palisade:colour"])
      expect(text).toContain(path);
    expect(text).not.toMatch(/aws:[a-z0-9]+\/[a-zA-Z]+:/);
  });
});

describe("an engine command that fails", () => {
  test("a passphrase that no longer fits is named, with the file and the way out", async () => {
    const tools = await ensureToolchain();
    const stack = await openLocalStack({ name: "dev", directory: join(room, "stacks"), tools });
    writeFileSync(join(stack.directory, "passphrase"), "another");
    const result = await pulumi(stack, ["preview"]);
    expect(result.code).not.toBe(0);
    expect(engineFailure(stack, result).message).toMatch(
      /the passphrase in .*passphrase does not open the state of stack `dev`\n.*\nrm -r/,
    );
  });

  test("an engine older than the project asks for is named", async () => {
    const tools = await ensureToolchain();
    const project = join(room, "project");
    mkdirSync(project);
    const text = readFileSync(join(PROJECT_DIRECTORY, "Pulumi.yaml"), "utf8");
    writeFileSync(
      join(project, "Pulumi.yaml"),
      text.replace(/requiredPulumiVersion: .*/, 'requiredPulumiVersion: ">=99.0.0"'),
    );
    writeFileSync(join(project, "Pulumi.dev.yaml"), "config: {}\n");
    writeFileSync(join(project, "index.ts"), "");
    const stack = await openLocalStack({ name: "dev", directory: join(room, "stacks"), tools, project });
    const result = await pulumi(stack, ["preview"], { project });
    expect(result.code).not.toBe(0);
    expect(engineFailure(stack, result).message).toMatch(
      /the engine is too old for this project\n.*\nnpx palisade toolchain/,
    );
  });

  test("the salt is found again if only the copied configuration was lost", async () => {
    const tools = await ensureToolchain();
    const options = { name: "dev", directory: join(room, "stacks"), tools };
    await openLocalStack(options);
    rmSync(join(room, "stacks", "config"), { recursive: true });
    const again = await openLocalStack(options);
    expect(readFileSync(again.configFile, "utf8")).toMatch(/encryptionsalt: v1:/);
    expect(readdirSync(join(room, "stacks", "config"))).toEqual(["Pulumi.dev.yaml"]);
  });
});

test.each([
  [["no-such-command"], /unknown command/],
  [["config", "check", "--no-such-option"], /unknown option/],
  [["config", "diff", "dev"], /missing required argument/],
  [["bench", "nothing"], /preview/],
])("wrong usage %j ends with code 2 and says what there is", async (args, message) => {
  const result = await palisade(args);
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(2);
});

test("the project's own runtime options are those the language host is given", () => {
  const { runtime } = parse(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.yaml"), "utf8")) as {
    runtime: { options: Record<string, unknown> };
  };
  expect(Object.entries(runtime.options).map(([name, value]) => `-${name}=${value}`)).toEqual(RUNTIME_FLAGS);
});
