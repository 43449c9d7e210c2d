// RT-9: an installer's process that is stopped (SIGSTOP), overtaken and woken again writes nothing more, on a real API server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isObject, type JsonObject, listAt, textAt } from "../../src/kubernetes/json";
import { place, platform } from "../unit/onprem/install/samples";
import { type ApiServer, startApiServer } from "./api-server";
import type { InstallerLine } from "./installer-line";

let server: ApiServer;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startApiServer();
}, 300_000);
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await server?.stop();
});

/** Starts an installer. @returns its process, and its last line once it has ended */
function installer(command: string, version: string, hear: (line: InstallerLine) => void = () => undefined) {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", join(__dirname, "fence-child.ts"), server.kubeconfig, command, version],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  let last: InstallerLine = { event: "none" };
  createInterface({ input: child.stdout }).on("line", text => {
    last = JSON.parse(text) as InstallerLine;
    hear(last);
  });
  return { child, end: once(child, "close").then(() => last) };
}

/** Every ConfigMap of the release and of the records, with its version. */
async function found(): Promise<JsonObject[]> {
  const lists = await Promise.all(
    [place, platform].map(namespace => server.kubectl(["get", "configmap", "-n", namespace, "-o", "json"])),
  );
  return lists.flatMap(text => listAt(JSON.parse(text) as JsonObject, "items").filter(isObject));
}

const points: Record<string, (line: InstallerLine) => boolean> = {
  "in the middle of apply": ({ event, text }) => event === "progress" && /^4\d of 150 objects$/.test(text ?? ""),
  "between two steps": ({ event, id, state }) => event === "step" && id === "grant" && state === "done",
};

test.each(Object.entries(points))("stopped %s", { timeout: 240_000 }, async (_, isPoint) => {
  expect(await installer("install", "1.0.0").end).toMatchObject({ text: expect.stringContaining("1.0.0 runs") });
  let isStopped = false;
  const frozen = installer("upgrade", "1.1.0", line => {
    if (isStopped || !isPoint(line)) return;
    isStopped = true;
    frozen.child.kill("SIGSTOP");
  });
  await expect.poll(() => isStopped, { timeout: 60_000 }).toBe(true);
  expect(await installer("rollback", "").end).toMatchObject({ text: expect.stringContaining("1.0.0 runs") });
  const before = await found();
  expect(new Set(before.map(object => textAt(object, "data", "value")).filter(Boolean))).toEqual(new Set(["1.0.0"]));
  frozen.child.kill("SIGCONT");
  expect(await frozen.end).toMatchObject({ failed: expect.stringContaining("another installer has taken over") });
  expect(await found()).toEqual(before);
});
