// Official downloads, from a loopback server that behaves well and badly.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { downloadEngine } from "../../toolchain/download";
import { run } from "../../toolchain/run";
import { ENGINE_VERSION } from "../../toolchain/versions";

const ARCHIVE = `pulumi-v${ENGINE_VERSION}-${process.platform}-${process.arch}.tar.gz`;
let root: string;
let server: Server;
let files: Map<string, Buffer>;
let target: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "palisade-download-"));
  target = join(root, "target");
  mkdirSync(target);
  mkdirSync(join(root, "pulumi"));
  writeFileSync(join(root, "pulumi", "pulumi"), "#!/bin/sh\n", { mode: 0o755 });
  await run("tar", ["-czf", join(root, ARCHIVE), "-C", root, "pulumi"]);
  files = new Map([[`/${ARCHIVE}`, readFileSync(join(root, ARCHIVE))]]);
  server = createServer((request, response) => {
    const content = files.get(request.url ?? "");
    response.writeHead(content ? 200 : 404).end(content);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.close();
  rmSync(root, { recursive: true });
});

const sources = () => {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { archives: base, checksums: base };
};
const publish = (sum: string, name = ARCHIVE) =>
  files.set(`/pulumi-${ENGINE_VERSION}-checksums.txt`, Buffer.from(`${sum}  ${name}\n`));
const trueSum = () =>
  createHash("sha256")
    .update(files.get(`/${ARCHIVE}`) ?? "")
    .digest("hex");

test("an archive with the published checksum is unpacked", async () => {
  publish(trueSum());
  expect(await downloadEngine(target, sources())).toBeUndefined();
  expect(existsSync(join(target, "bin", "pulumi"))).toBe(true);
  expect(readdirSync(target)).toEqual(["bin"]);
});

test.each<[string, () => void, RegExp]>([
  ["another checksum", () => publish("0".repeat(64)), /has checksum [0-9a-f]{64}, published is 0{64}/],
  ["no checksum for this machine", () => publish(trueSum(), "pulumi-other.tar.gz"), /do not name pulumi-v/],
  ["no checksums at all", () => undefined, /answers 404/],
  [
    "a truncated archive whose checksum was published truncated too",
    () => {
      files.set(`/${ARCHIVE}`, (files.get(`/${ARCHIVE}`) ?? Buffer.alloc(0)).subarray(0, 40));
      publish(trueSum());
    },
    /does not unpack/,
  ],
])("%s: refused, and nothing is left", async (_, arrange, reason) => {
  arrange();
  expect(await downloadEngine(target, sources())).toMatch(reason);
  expect(readdirSync(target)).toEqual([]);
});

test("an unreachable host is a reason, not an exception", async () => {
  publish(trueSum());
  const gone = sources();
  await new Promise(resolve => server.close(resolve));
  expect(await downloadEngine(target, gone)).toMatch(/cannot be reached/);
});
