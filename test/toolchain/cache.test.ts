// The cache of built tools: whole or not at all, once, whatever is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cached, sourceKey } from "../../toolchain/cache";
import { make } from "../../toolchain/make";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

let root: string;
let counter: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "palisade-cache-"));
  counter = join(root, "counter");
  vi.stubEnv("PALISADE_CACHE", join(root, "cache"));
});
afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function makeSlowly(key: string, pauseMs: number): ChildProcess {
  const script = join(__dirname, "fixtures", "make-slowly.ts");
  const child = spawn(process.execPath, ["--require", "tsx/cjs", script, key, counter, String(pauseMs)], {
    cwd: PROJECT_DIRECTORY,
    env: { ...process.env, PALISADE_CACHE: join(root, "cache") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function output(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", chunk => {
    text += String(chunk);
  });
  await once(child, "close");
  return text;
}

const entries = () => readdirSync(join(root, "cache"));
const timesMade = () => readFileSync(counter, "utf8").trim().split("\n").length;

describe("cached", () => {
  test("a killed build leaves nothing that counts, and the next run makes it whole", async () => {
    const killed = makeSlowly("k1", 60_000);
    await once(killed.stdout as NodeJS.ReadableStream, "data");
    killed.kill("SIGKILL");
    await once(killed, "close");
    expect(entries()).not.toContain("slow-k1");

    const path = (await output(makeSlowly("k1", 0))).trim().split("\n").at(-1) ?? "";
    expect(readdirSync(path).sort()).toEqual(["first", "second"]);
    expect(entries()).toEqual(["slow-k1"]);
  });

  test("two at once make it once; the second waits and gets the same", async () => {
    const first = makeSlowly("k2", 1500);
    const firstOutput = output(first);
    await once(first.stdout as NodeJS.ReadableStream, "data");
    const [a, b] = await Promise.all([firstOutput, output(makeSlowly("k2", 0))]);
    expect(b).toContain("waiting");
    expect(b.trim().split("\n").at(-1)).toBe(a.trim().split("\n").at(-1));
    expect(timesMade()).toBe(1);
  });

  test("a build that fails leaves nothing and tells why", async () => {
    const failing = cached("broken", "k3", vi.fn(), async directory => {
      writeFileSync(join(directory, "half"), "");
      throw new Error("no such registry");
    });
    await expect(failing).rejects.toThrow("no such registry");
    expect(entries()).toEqual([]);
  });

  test("a tool made in place counts only once its mark is there", async () => {
    const make = (content: string, fail: boolean) =>
      cached(
        "inplace",
        "k4",
        vi.fn(),
        async directory => {
          writeFileSync(join(directory, "file"), content);
          if (fail) throw new Error("killed");
        },
        false,
      );
    await expect(make("half", true)).rejects.toThrow("killed");
    const path = await make("whole", false);
    expect(readFileSync(join(path, "file"), "utf8")).toBe("whole");
    expect(await make("never", false)).toBe(path);
    expect(readFileSync(join(path, "file"), "utf8")).toBe("whole");
  });
});

describe("make", () => {
  const told: string[] = [];
  const report = (title: string) => ({
    done: () => told.push(`${title}: done`),
    skipped: () => told.push(`${title}: skipped`),
    failed: () => told.push(`${title}: failed`),
  });
  const having = (relocatable: boolean) => ({ name: "tool", key: "k5", title: "the tool", relocatable });
  const working = async (directory: string) => writeFileSync(join(directory, "file"), "whole");
  beforeEach(() => {
    told.length = 0;
  });

  test.each([[true], [false]])("reports a tool (relocatable: %s) while it is made, and never again", async movable => {
    const path = await make(report, having(movable), working);
    expect(readFileSync(join(path, "file"), "utf8")).toBe("whole");
    expect(await make(report, having(movable), () => Promise.reject(new Error("made twice")))).toBe(path);
    expect(told).toEqual(["the tool: done"]);
  });

  test.each([[true], [false]])("reports a failure (relocatable: %s), and makes it the next time", async movable => {
    const failing = make(report, having(movable), () => Promise.reject(new Error("no such registry")));
    await expect(failing).rejects.toThrow("no such registry");
    await make(report, having(movable), working);
    expect(told).toEqual(["the tool: failed", "the tool: done"]);
  });
});

describe("sourceKey", () => {
  test("changes with a name, with a content and with what else shapes the result", () => {
    const directory = join(root, "source");
    const keys = new Set<string>();
    for (const [name, content] of [
      ["a", "1"],
      ["a", "2"],
      ["b", "1"],
    ] as const) {
      mkdirSync(directory);
      writeFileSync(join(directory, name), content);
      keys.add(sourceKey(directory));
      keys.add(sourceKey(directory, "more"));
      expect(sourceKey(directory)).toBe(sourceKey(directory));
      rmSync(directory, { recursive: true });
    }
    expect(keys.size).toBe(6);
  });
});
