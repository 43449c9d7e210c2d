// Toolchain tests: Debian's registry on loopback, with its storage in a directory of the test.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRegistry } from "../../src/onprem/registry/session";
import { cached } from "../../toolchain/cache";
import { packageEnv, packagesKey, unpackPackages } from "../../toolchain/cluster/packages";
import { registryAnswers, registryConfig } from "../../toolchain/cluster/registry";
import { freePort } from "../../toolchain/sandbox";

const START_MS = 20_000;

export interface RealRegistry {
  /** host:port on loopback. */
  address: string;
  /** Puts a blob into a repository; gives its digest. */
  blob(repository: string, bytes: Buffer): Promise<string>;
  /** Puts a manifest or an index into a repository; gives its digest. */
  manifest(repository: string, mediaType: string, bytes: Buffer): Promise<string>;
  /** Ends it and removes what it holds. */
  stop(): Promise<void>;
}

export async function startRegistry(): Promise<RealRegistry> {
  const waiting = () => process.stderr.write("  … another palisade is fetching the registry; waiting for it\n");
  const packages = packageEnv(await cached("cluster-packages", packagesKey(), waiting, unpackPackages));
  const directory = await mkdtemp(join(tmpdir(), "palisade-registry-"));
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify(registryConfig(join(directory, "storage"), address)));
  const env = { ...process.env, ...packages.env };
  const child = spawn(join(packages.bin, "docker-registry"), ["serve", config], { env, stdio: "ignore" });
  const deadline = Date.now() + START_MS;
  while (!(await registryAnswers(address))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end(child, directory);
      throw new Error(`no registry on ${address}`);
    }
    await sleep(50);
  }
  await writeFile(join(directory, "auth.json"), "{}");
  const session = openRegistry(address, { authFile: join(directory, "auth.json") });
  const send = async (ask: Parameters<typeof session.ask>[0]) => {
    const { body, headers } = await session.ask(ask);
    body.resume();
    return headers;
  };
  return {
    address,
    async blob(repository, bytes) {
      const digest = digestOf(bytes);
      const { location = "" } = await send({ method: "POST", repository, path: "blobs/uploads/", expect: [202] });
      const place = `${location}${location.includes("?") ? "&" : "?"}digest=${digest}`;
      await send({ method: "PUT", repository, location: place, body: bytes, expect: [201] });
      return digest;
    },
    async manifest(repository, mediaType, bytes) {
      const path = `manifests/${digestOf(bytes)}`;
      await send({
        method: "PUT",
        repository,
        path,
        headers: { "content-type": mediaType },
        body: bytes,
        expect: [201],
      });
      return digestOf(bytes);
    },
    async stop() {
      session.close();
      await end(child, directory);
    },
  };
}

async function end(child: ChildProcess, directory: string): Promise<void> {
  const ended = new Promise(resolve => child.once("exit", resolve));
  if (child.exitCode === null && child.kill()) await ended;
  await rm(directory, { recursive: true, force: true });
}

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
