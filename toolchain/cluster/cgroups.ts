// Cluster: what belongs to a node is found by its control group, whoever started it and however it ended.
import { readFileSync } from "node:fs";
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../failure";

const END_TIMEOUT_MS = 30_000;

/** Mounted trees of control groups, of either version. */
function hierarchies(): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter(line => / - cgroup2? /.test(line))
    .map(line => line.split(" ")[4] ?? "")
    .filter(Boolean);
}

/** Ends every process in the group and removes the group. Does nothing if there is none. */
export async function removeCgroup(name: string): Promise<void> {
  const deadline = Date.now() + END_TIMEOUT_MS;
  for (const hierarchy of hierarchies()) {
    const root = join(hierarchy, name);
    while ((await groupsBelow(root)).length > 0) {
      for (const pid of await processesIn(root)) kill(pid);
      // Deepest first; a group whose processes are still ending refuses, and is tried again.
      for (const group of (await groupsBelow(root)).reverse()) await rmdir(group).catch(() => undefined);
      if (Date.now() > deadline)
        throw new Failure(
          `the control group ${root} cannot be removed: ${(await processesIn(root)).length} processes do not end`,
          "Look at them with `ps`, end them, then run the same command again.",
        );
      await sleep(20);
    }
  }
}

/** Process ids in the group and below. */
async function processesIn(root: string): Promise<number[]> {
  const lists = await Promise.all(
    (await groupsBelow(root)).map(group => readFile(join(group, "cgroup.procs"), "utf8").catch(() => "")),
  );
  return lists.flatMap(list => list.split("\n").filter(Boolean).map(Number));
}

/** The group and all below it, parents first. */
async function groupsBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const children = await Promise.all(
    entries.filter(entry => entry.isDirectory()).map(entry => groupsBelow(join(root, entry.name))),
  );
  return [root, ...children.flat()];
}

function kill(pid: number): void {
  try {
    // 0 stands for a process of another pid namespace than ours, which cannot be one of a node we started.
    if (pid > 1 && pid !== process.pid) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
