// Toolchain: the local AWS of one checkout. Up, down, status; it lives in memory and on loopback only.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { openSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure";
import { exclusively } from "./lock";
import { step } from "./progress";
import type { Toolchain } from "./toolchain";

export interface Sandbox {
  endpoint: string;
  /** Differs whenever the local AWS was started anew, with an empty memory. */
  instance: string;
  pid: number;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/**
 * Starts the local AWS at `endpoint`, unless the one this directory started is still running.
 * @param directory where its record and log are kept
 * @throws Failure if the port is taken or it does not come up
 */
export async function sandboxUp(tools: Toolchain["localAws"], directory: string, endpoint: string): Promise<Sandbox> {
  return exclusively(
    `sandbox:${directory}`,
    () => undefined,
    async () => {
      const running = await sandboxStatus(directory);
      if (running?.endpoint === endpoint) return running;
      if (running) await stop(running);

      const port = Number(new URL(endpoint).port);
      await needFreePort(port);
      await mkdir(directory, { recursive: true });
      const log = join(directory, "local-aws.log");
      const instance = randomUUID();
      const out = openSync(log, "w", 0o600);
      const child = spawn(tools.python, [tools.script, String(port), instance], {
        cwd: directory,
        detached: true,
        stdio: ["ignore", out, out],
        env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONDONTWRITEBYTECODE: "1" },
      });
      child.unref();
      const sandbox: Sandbox = { endpoint, instance, pid: child.pid ?? 0 };
      await writeRecord(directory, sandbox);
      const starting = step(`local AWS on ${endpoint}`);
      const deadline = Date.now() + START_TIMEOUT_MS;
      while (!(await answers(sandbox))) {
        if (child.exitCode !== null || Date.now() > deadline) {
          starting.failed();
          await stop(sandbox);
          await rm(recordFile(directory), { force: true });
          const tail = (await readFile(log, "utf8")).trim().split("\n").slice(-5).join("\n");
          throw new Failure(
            `the local AWS did not come up on ${endpoint}:\n${tail}`,
            `Its log is ${log}. Run the same command again.`,
          );
        }
        await sleep(100);
      }
      starting.done();
      return sandbox;
    },
  );
}

/** The running local AWS of this directory, or undefined. */
export async function sandboxStatus(directory: string): Promise<Sandbox | undefined> {
  const record = await readRecord(directory);
  return record && (await answers(record)) ? record : undefined;
}

/** Stops the local AWS of this directory. Returns false if none was running. */
export async function sandboxDown(directory: string): Promise<boolean> {
  const running = await sandboxStatus(directory);
  if (running) await stop(running);
  await rm(recordFile(directory), { force: true });
  return running !== undefined;
}

/** A loopback port nobody listens on, for tests and benchmarks. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function needFreePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Failure(
              `port ${port} on 127.0.0.1 is taken by another program`,
              "End that program, or take another port: `PALISADE_LOCAL_AWS=http://127.0.0.1:4601 npm start`.",
            )
          : error,
      ),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}

/** Whether the very instance of the record answers: a process id or a port alone could by now be somebody else's. */
async function answers(sandbox: Sandbox): Promise<boolean> {
  try {
    const response = await fetch(`${sandbox.endpoint}/palisade/instance`, { signal: AbortSignal.timeout(2000) });
    return ((await response.json()) as { instance?: string }).instance === sandbox.instance;
  } catch {
    return false;
  }
}

async function stop(sandbox: Sandbox): Promise<void> {
  signal(sandbox.pid, "SIGTERM");
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (signal(sandbox.pid, 0)) {
    if (Date.now() > deadline) signal(sandbox.pid, "SIGKILL");
    await sleep(50);
  }
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  if (pid <= 0) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

const recordFile = (directory: string) => join(directory, "local-aws.json");

async function readRecord(directory: string): Promise<Sandbox | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(directory), "utf8")) as Sandbox;
  } catch {
    return undefined;
  }
}

async function writeRecord(directory: string, sandbox: Sandbox): Promise<void> {
  const file = recordFile(directory);
  await writeFile(`${file}.new`, JSON.stringify(sandbox));
  await rename(`${file}.new`, file);
}
