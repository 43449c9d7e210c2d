// Toolchain: one process at a time. The lock is a listening socket, so the kernel frees it when its holder dies, however it dies.
import { createHash } from "node:crypto";
import { createServer, type ListenOptions, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const RETRY_MS = 300;

/**
 * Runs `work` while holding the lock `key` of this user on this machine.
 * @param waiting called once, if another process holds it
 */
export async function exclusively<T>(key: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  let held = await tryListen(key);
  if (!held) waiting();
  while (!held) {
    await sleep(RETRY_MS);
    held = await tryListen(key);
  }
  try {
    return await work();
  } finally {
    held.close();
  }
}

function tryListen(key: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.unref();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(address(key), () => resolve(server));
  });
}

/** An abstract socket on Linux; elsewhere, which has none, a loopback port drawn from the key. */
function address(key: string): ListenOptions {
  const digest = createHash("sha256")
    .update(`${process.getuid?.() ?? 0}:${key}`)
    .digest();
  if (process.platform === "linux") return { path: `\0palisade-${digest.toString("hex").slice(0, 32)}` };
  return { host: "127.0.0.1", port: 42_000 + (digest.readUInt16BE(0) % 2000) };
}
