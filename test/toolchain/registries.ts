// Toolchain tests: Debian's registry on loopback, also with little room, and a proxy that drops connections.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageEnv, packagesKey, unpackPackages } from "../../toolchain/cluster/packages";
import { registryAnswers, registryConfig } from "../../toolchain/cluster/registry";
import { make } from "../../toolchain/make";
import { step } from "../../toolchain/progress";
import { freePort } from "../../toolchain/sandbox";

export interface RunningRegistry {
  /** host:port */
  address: string;
  stop: () => Promise<unknown>;
}

const WAIT_MS = 30_000;

/**
 * Debian's registry, which keeps everything below `directory`.
 * @param room megabytes of a file system of its own in memory; the directory's disk unless given
 */
export async function debianRegistry(directory: string, room?: number): Promise<RunningRegistry> {
  const making = { name: "cluster-packages", key: packagesKey(), title: "a registry: fetching" };
  const packages = packageEnv(await make(step, making, unpackPackages));
  const address = `127.0.0.1:${await freePort()}`;
  const storage = join(directory, "storage");
  mkdirSync(storage, { recursive: true });
  const config = join(directory, "registry.json");
  writeFileSync(config, JSON.stringify(registryConfig(storage, address)));
  const serve = [join(packages.bin, "docker-registry"), "serve", config];
  const [program = "", ...args] =
    room === undefined
      ? serve
      : [
          "unshare",
          "--mount",
          "sh",
          "-c",
          `mount -t tmpfs -o size=${room}m tmpfs "$0" && exec "$@"`,
          storage,
          ...serve,
        ];
  const child = spawn(program, args, { env: { ...process.env, ...packages.env }, stdio: "ignore" });
  const ended = new Promise(resolve => child.once("close", resolve));
  for (const deadline = Date.now() + WAIT_MS; !(await registryAnswers(address)); await sleep(50))
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`no registry on ${address}`);
  return {
    address,
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

/**
 * A way to `address` on which every `nth` connection is dropped after `bytes` went through.
 * @param at its own port; any that is free
 */
export async function droppingProxy(
  address: string,
  nth: number,
  bytes: number,
  at = 0,
): Promise<RunningRegistry & { dropped: () => number }> {
  const [host = "", port = ""] = address.split(":");
  const open = new Set<Socket>();
  let count = 0;
  let dropped = 0;
  const server = createServer(client => {
    const drop = ++count % nth === 0;
    const target = connect(Number(port), host);
    let passed = 0;
    const end = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        open.delete(socket);
        end();
      });
    }
    client.on("data", chunk => {
      passed += chunk.length;
      if (!drop || passed < bytes) return;
      if (!client.destroyed) dropped++;
      end();
    });
    client.pipe(target);
    target.pipe(client);
  });
  await new Promise<void>(resolve => server.listen(at, "127.0.0.1", resolve));
  const listening = server.address();
  return {
    address: `127.0.0.1:${typeof listening === "object" && listening ? listening.port : 0}`,
    dropped: () => dropped,
    stop: () =>
      new Promise(resolve => {
        server.close(resolve);
        for (const socket of open) socket.destroy();
      }),
  };
}
