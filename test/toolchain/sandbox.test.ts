// The local AWS: one per directory, on its own port, found again, replaced when dead, stopped without a trace.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Failure } from "../../toolchain/failure";
import { freePort, sandboxDown, sandboxStatus, sandboxUp } from "../../toolchain/sandbox";
import { ensureToolchain, type Toolchain } from "../../toolchain/toolchain";

let tools: Toolchain["localAws"];
let directory: string;
let endpoint: string;

beforeAll(async () => {
  tools = (await ensureToolchain()).localAws;
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-sandbox-"));
  endpoint = `http://127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  await sandboxDown(directory);
  rmSync(directory, { recursive: true });
});

test("up twice is up once; down stops it and says so", async () => {
  const [a, b] = await Promise.all([sandboxUp(tools, directory, endpoint), sandboxUp(tools, directory, endpoint)]);
  expect(a).toEqual(b);
  expect(await sandboxStatus(directory)).toEqual(a);
  expect(await sandboxDown(directory)).toBe(true);
  expect(await sandboxStatus(directory)).toBeUndefined();
  expect(() => process.kill(a.pid, 0)).toThrow();
  expect(await sandboxDown(directory)).toBe(false);
  expect(readdirSync(directory)).toEqual(["local-aws.log"]);
});

test("one that was killed is started anew, under another instance", async () => {
  const first = await sandboxUp(tools, directory, endpoint);
  process.kill(first.pid, "SIGKILL");
  const second = await sandboxUp(tools, directory, endpoint);
  expect(second.instance).not.toBe(first.instance);
});

test("a busy port is named, with the way out", async () => {
  const squatter: Server = createServer();
  await new Promise<void>(resolve => squatter.listen(Number(new URL(endpoint).port), "127.0.0.1", resolve));
  const failure = await sandboxUp(tools, directory, endpoint).catch((error: unknown) => error);
  squatter.close();
  expect(failure).toBeInstanceOf(Failure);
  expect(String(failure)).toMatch(/port \d+ on 127\.0\.0\.1 is taken/);
  expect(String(failure)).toMatch(/PALISADE_LOCAL_AWS=/);
  expect((await sandboxUp(tools, directory, endpoint)).endpoint).toBe(endpoint);
});
