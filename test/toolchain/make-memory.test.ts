// How much memory makings take, seen from outside: as much for a large file as for a small one, and less than is allowed (PF-3).
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inMB } from "../../bench/bundle/proc";
import { observe } from "../../bench/bundle/process";
import { ensureInstaller } from "../../toolchain/installer/installer";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { release } from "../unit/onprem/make-inputs";
import { type StandIn, startStandIn } from "../unit/onprem/registry-stand-in";

/** What the command may take in all, in MB; its executables alone are 250. */
const ALLOWED_MB = 150;
/** What a file of 200 MB may take more than one of 1 MB, in MiB: pieces under way, and what is collected late. */
const MORE_MIB = 40;

let directory: string;
let registry: StandIn;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-make-memory-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(at("vendor.key"), privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  writeFileSync(at("auth.json"), "{}");
  registry = await startStandIn();
});
afterAll(async () => {
  await registry.close();
  rmSync(directory, { recursive: true });
});

async function peakMiB(...args: string[]): Promise<number> {
  const { sample } = await observe([{ command: process.execPath, args }]);
  return sample.peakMiB;
}

/** Makes a bundle with a signed file of this size, in a process of its own. */
async function peakWith(bytes: number): Promise<number> {
  const name = `with-${bytes}`;
  writeFileSync(at(name), "");
  truncateSync(at(name), bytes);
  const images = JSON.stringify(release(registry.add, Buffer.alloc(1000, "layer")));
  const making = [registry.address, images, at("vendor.key"), at(`${name}.tar`), "", "", at(name)];
  const peak = await peakMiB("--require", "tsx/cjs", join(__dirname, "make-child.ts"), ...making);
  rmSync(at(`${name}.tar`));
  return peak;
}

test("a large file that is signed and goes along takes no more memory than a small one", async () => {
  const small = await peakWith(1_000_000);
  expect(small).toBeGreaterThan(20);
  expect(await peakWith(200_000_000)).toBeLessThan(small + MORE_MIB);
});

test("the installer's executables are signed and written within what is allowed", { timeout: 1_200_000 }, async () => {
  await ensureInstaller();
  const out = at("installer");
  const command = ["installer", "--key", at("vendor.key"), "--out", out];
  const peak = await peakMiB(join(PROJECT_DIRECTORY, "bin", "palisade.mjs"), ...command);
  expect(inMB(peak)).toBeLessThan(ALLOWED_MB);
  expect(readdirSync(out)).toHaveLength(6);
});
