// PF-3, RT-9, RT-12: what goes wrong around an install: a bundle that was altered, a registry that is full or drops connections, a node that restarts.
// Each time it finishes, or stops with a message that says what to do; and typed again once all is well, it finishes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_ADDRESS, REGISTRY_PORT } from "../../toolchain/cluster/addresses";
import { layoutOf } from "../../toolchain/cluster/layout";
import { type RunResult, run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { debianRegistry } from "../toolchain/registries";
import { type BundleRoom, openBundleRoom } from "./bundle-room";
import { onlyOf, shippedValues } from "./bundle-stack";
import { everythingLasting } from "./left-behind";
import { prepareCluster } from "./running-system";

const system = "scriptpulse";
let room: BundleRoom;
let bundle: string;
let before: string[];

beforeAll(async () => {
  room = await openBundleRoom([]);
  await prepareCluster(room);
  bundle = await room.ship({ version: "1.0.0", values: onlyOf(shippedValues(room), system) });
  before = await everythingLasting(room);
});
afterAll(() => room?.close());

const argsOf = (command: string) => {
  const { options } = room.operator;
  return [command, bundle, ...options.bundle, ...options.secrets, ...options.cluster];
};
const install = () => room.operator.palisade(...argsOf("install"));
const uninstall = () => room.operator.palisade("uninstall", "--delete-data", "--yes", ...room.operator.options.cluster);

function done({ code, stdout, stderr }: RunResult): string {
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Requests of installers to the API server so far, by its own record. */
async function requests(): Promise<string[]> {
  const log = await readFile(join(layoutOf(join(room.directory, "cluster")).logs, "audit.log"), "utf8");
  return log.split("\n").filter(line => line.includes('"userAgent":"palisade-installer"'));
}

test("a bundle that was altered anywhere is refused before the cluster is asked for anything", async () => {
  const file = await open(join(room.operator.directory, bundle), "r+");
  try {
    const { size } = await file.stat();
    // From the first header to the last byte; at these parts of the whole.
    for (const part of [0, 0.000_001, 0.000_01, 0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999]) {
      const at = Math.floor(part * size);
      const kept = Buffer.alloc(1);
      await file.read(kept, 0, 1, at);
      await file.write(Buffer.from([(kept[0] ?? 0) ^ 1]), 0, 1, at);
      const { code, stderr } = await install();
      await file.write(kept, 0, 1, at);
      expect({ at, code }).toEqual({ at, code: 1 });
      expect(stderr).toMatch(/^palisade: \S/);
    }
  } finally {
    await file.close();
  }
  expect(await requests()).toEqual([]);
  expect(await everythingLasting(room)).toEqual(before);
});

test("a registry whose disk is full stops it with a message, and nothing runs", async () => {
  const directory = mkdtempSync(join(tmpdir(), "palisade-full-"));
  const registry = await debianRegistry(directory, 30);
  try {
    const address = ["--registry", registry.address];
    const { options, directory: cwd } = room.operator;
    const args = ["install", bundle, ...options.bundle.filter(word => !word.includes("registry")), ...address];
    const { code, stdout, stderr } = await run(
      join(cwd, "palisade"),
      [...args, ...options.secrets, "--kubeconfig", room.cluster.kubeconfig],
      { cwd },
    );
    expect(code, stdout + stderr).toBe(1);
    expect(stderr).toMatch(/no room|no space|full|500|503/i);
    expect(stderr).toMatch(/type the same command again/);
    const pods = await room.kubectl("get", "pods", "--namespace", `${system}-dev`, "--output", "name");
    expect(pods.stdout).toBe("");
  } finally {
    await registry.stop();
    rmSync(directory, { recursive: true });
  }
});

test("a registry that drops one connection in three gets all images all the same", async () => {
  const program = [process.execPath, "--require", "tsx/cjs", join(__dirname, "dropping-registry.ts")];
  const way = [`${NODE_ADDRESS}:${REGISTRY_PORT}`, String(REGISTRY_PORT), "3", "65536"];
  const proxy = spawn(...room.operator.entering("env", `--chdir=${PROJECT_DIRECTORY}`, ...program, ...way), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  proxy.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  try {
    await expect.poll(() => said, { timeout: 20_000 }).toContain("ready");
    await room.operator.lead("127.0.0.1");
    expect(done(await install())).toContain("Release 1.0.0 runs.");
  } finally {
    await room.operator.lead(NODE_ADDRESS);
    await ended(proxy);
  }
  const dropped = Number(said.trim().split("\n").at(-1));
  process.stderr.write(`  ${dropped} connections dropped\n`);
  expect(dropped).toBeGreaterThan(0);
  done(await uninstall());
});

test("a node that restarts in the middle does not stop it, or it says what to do", async () => {
  const child = room.operator.start(...argsOf("install"), "--json");
  const closed = once(child, "close");
  let said = "";
  let restarted = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (restarted === 0 && /"id":"apply","state":"begins"/.test(said)) {
      // Once its first pods are there.
      restarted = -1;
      void podsBegin().then(() => {
        restarted = restartNode();
      });
    }
  });
  const [code] = await closed;
  expect(restarted, said).toBeGreaterThan(4);
  const end = JSON.parse(said.trim().split("\n").at(-1) ?? "{}") as { text?: string; failed?: string };
  process.stderr.write(
    `  ${restarted} processes of the node ended; the installer: ${(end.text ?? end.failed ?? "").split("\n")[0]}\n`,
  );
  if (code !== 0) expect(end.failed).toMatch(/\S/);
  expect(done(await install())).toMatch(/Release 1\.0\.0 runs/);
  expect(
    JSON.parse(done(await room.operator.palisade("status", "--json", ...room.operator.options.cluster))),
  ).toMatchObject({
    healthy: true,
  });
  done(await uninstall());
});

async function podsBegin(): Promise<void> {
  const count = async () => {
    const { stdout } = await room.kubectl("get", "pods", "--namespace", `${system}-dev`, "--output", "name");
    return stdout.split("\n").length;
  };
  await expect.poll(count, { timeout: 60_000, interval: 100 }).toBeGreaterThan(1);
}

/** Ends the runtime, the kubelet, the shims and every container at once, as a power cut does; the node's first process starts the two anew. */
function restartNode(): number {
  const namespaceOf = (pid: number | string) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`);
    } catch {
      return "";
    }
  };
  const { cgroup } = layoutOf(join(room.directory, "cluster"));
  const node = namespaceOf(room.cluster.pid);
  const ending = readdirSync("/proc").filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
      if (!groups.includes(cgroup)) return false;
      const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
      return groups.includes("kubepods") || (namespaceOf(pid) === node && /^(containerd|kubelet)/.test(name));
    } catch {
      // It has just ended by itself.
      return false;
    }
  });
  for (const pid of ending)
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  return ending.length;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closing = once(child, "close");
  child.kill("SIGTERM");
  await closing;
}
