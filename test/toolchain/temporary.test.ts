// A temporary directory goes with its process, however that ends; and nobody else's goes with it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holder } from "../../toolchain/holder";

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), "palisade-temporary-"));
});
afterAll(() => rmSync(room, { recursive: true }));

function child(...args: string[]): ChildProcess {
  return spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "temporary-child.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: room },
  });
}
const layouts = () => readdirSync(room).filter(name => name.startsWith("palisade-layout-"));

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s removes it, and ends the process with %d", async (signal, code) => {
  const process = child("stay");
  await once(process.stdout ?? process, "data");
  expect(layouts()).toHaveLength(1);
  process.kill(signal);
  expect(await once(process, "exit")).toEqual([code, null]);
  expect(layouts()).toEqual([]);
});

test("what a kill left is removed by the next one; what another machine's or nobody's is stays", async () => {
  const killed = child("stay");
  const running = child("stay");
  await Promise.all([killed, running].map(each => once(each.stdout ?? each, "data")));
  killed.kill("SIGKILL");
  await once(killed, "exit");
  expect(layouts()).toHaveLength(2);
  for (const [name, owner] of [
    ["palisade-layout-theirs", JSON.stringify({ ...holder(), pid: killed.pid, host: "another" })],
    ["palisade-layout-nobodys", "?"],
  ] as const) {
    mkdirSync(join(room, name));
    writeFileSync(join(room, name, "owner.json"), owner);
  }
  const next = child();
  expect(await once(next, "exit")).toEqual([0, null]);
  expect(layouts()).toHaveLength(3);
  expect(existsSync(join(room, "palisade-layout-theirs"))).toBe(true);
  running.kill("SIGINT");
  await once(running, "exit");
  expect(layouts().sort()).toEqual(["palisade-layout-nobodys", "palisade-layout-theirs"]);
});
