// Bundles from Debian's registry: made twice, killed and gone on with, as delta and in parts; each opened by its reader.
import { execFile, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBundle } from "../../src/onprem/bundle/open";
import { mediaTypes } from "../../src/onprem/format/descriptor";
import type { Wanted } from "../../src/onprem/make/collect";
import type { Made } from "../../src/onprem/make/make";
import { randomLayer } from "../unit/onprem/make-inputs";
import { type RealRegistry, startRegistry } from "./real-registry";

const KILLS = 5;
let registry: RealRegistry;
let directory: string;
let publicKeyPem: string;
let first: Wanted[];
let second: Wanted[];
const at = (name: string) => join(directory, name);
const changed = randomLayer(99, 3_000_000);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-onprem-make-"));
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(at("vendor.key"), pair.privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  publicKeyPem = pair.publicKey.export({ format: "pem", type: "spki" }).toString();
  writeFileSync(at("auth.json"), "{}");
  registry = await startRegistry();
  const layers = Array.from({ length: 8 }, (_, seed) => randomLayer(seed, 8_000_000));
  const [a = [], b = []] = [layers.slice(0, 4), layers.slice(4)];
  const frontend = await image("sanctum/frontend", b);
  first = [frontend, await image("sanctum/backend", a)];
  second = [frontend, await image("sanctum/backend", [...a.slice(0, 3), changed])];
});
afterAll(async () => {
  await registry.stop();
  rmSync(directory, { recursive: true });
});

async function image(repository: string, layers: Buffer[]): Promise<Wanted> {
  const described = async (mediaType: string, bytes: Buffer) => {
    const digest = await registry.blob(repository, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = await described("application/vnd.oci.image.config.v1+json", Buffer.from(`{"of":"${repository}"}`));
  const list = [];
  for (const layer of layers) list.push(await described("application/vnd.oci.image.layer.v1.tar+gzip", layer));
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: list };
  return {
    repository,
    digest: await registry.manifest(repository, mediaTypes.manifest, Buffer.from(JSON.stringify(manifest))),
  };
}

const command = (images: Wanted[], out: string, more: string[]) => [
  ...["--require", "tsx/cjs", join(__dirname, "make-child.ts")],
  ...[registry.address, JSON.stringify(images), at("vendor.key"), at(out), ...more],
];
const make = async (images: Wanted[], out: string, ...more: string[]): Promise<Made> => {
  const { stdout } = await promisify(execFile)(process.execPath, command(images, out, more));
  return JSON.parse(stdout);
};

test("two makings are the same bytes, and the reader takes them", async () => {
  await make(first, "a.tar");
  await make([...first].reverse(), "b.tar");
  expect(readFileSync(at("a.tar")).equals(readFileSync(at("b.tar")))).toBe(true);
  const bundle = await openBundle(at("a.tar"), { publicKeyPem });
  expect(bundle.release.images.map(({ repository }) => repository)).toEqual(["sanctum/backend", "sanctum/frontend"]);
  await bundle.close();
});

test("a making that is killed again and again ends in the same bytes", async () => {
  let killed = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, command(first, "k.tar", []), { stdio: "ignore" });
    const ended = new Promise(resolve => child.once("exit", resolve));
    while (!existsSync(at("k.tar.part")) && child.exitCode === null) await sleep(2);
    await sleep(10 + kill * 25);
    child.kill("SIGKILL");
    await ended;
    if (existsSync(at("k.tar"))) break;
    killed += existsSync(at("k.tar.part")) ? 1 : 0;
  }
  expect(killed).toBeGreaterThan(0);
  if (!existsSync(at("k.tar"))) await make(first, "k.tar");
  expect(readFileSync(at("k.tar")).equals(readFileSync(at("a.tar")))).toBe(true);
  expect(readdirSync(directory).filter(name => name.endsWith(".part"))).toEqual([]);
});

test("a delta carries the changed layer and little more, and needs its base", async () => {
  const { bytes, left } = await make(second, "d.tar", at("a.tar"));
  expect(left).toBeGreaterThan(8);
  expect(bytes / changed.length).toBeLessThan(1.02);
  await expect(openBundle(at("d.tar"), { publicKeyPem })).rejects.toThrow(/base/);
  const bundle = await openBundle(at("d.tar"), { publicKeyPem, base: at("a.tar") });
  expect(bundle.release.version).toBe("1.2.4");
  await bundle.close();
});

test("parts are opened by their first", async () => {
  const { files } = await make(first, "p.tar", "", "20MB");
  expect(Buffer.concat(files.map(file => readFileSync(file))).equals(readFileSync(at("a.tar")))).toBe(true);
  const bundle = await openBundle(at("p.tar.001"), { publicKeyPem });
  expect(bundle.release.version).toBe("1.2.3");
  await bundle.close();
});

// A disk whose files may have 8 MB each: as FAT with its 4 GiB, and told by the kernel in the same way.
const limited = (program: string[], env: NodeJS.ProcessEnv = process.env) =>
  promisify(execFile)("bash", ["-c", `trap '' XFSZ; ulimit -f 7800; exec "$@"`, "-", ...program], { env });

test("a disk that takes no file so large is named, with what to add to the command", async () => {
  const refused = await limited([process.execPath, ...command(first, "large.tar", [])]).catch(error => error.stderr);
  expect(refused).toMatch(/takes no file as large as the bundle\n.*`--split 4GB`/);
  expect(refused).not.toMatch(/EFBIG/);
  await limited([process.execPath, ...command(first, "large.tar", ["", "7MB"])]);
  const bundle = await openBundle(at("large.tar"), { publicKeyPem });
  await bundle.close();
});
