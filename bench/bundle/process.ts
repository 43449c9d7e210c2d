// Benchmarks: a program's time, its peak memory, the processor it used, and what disk it used meanwhile, all seen from outside.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { peakMiBOf, proc } from "./proc";

export interface Program {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/** One run of one program, or of several at once. */
export interface Sample {
  /** Wall time, from the start to the end of all processes. */
  seconds: number;
  /** Greatest resident memory; of several processes, the sum of theirs. */
  peakMiB: number;
  /** Of all processors, in user and system mode. */
  cpuSeconds: number;
  /** Most bytes there were at once in the watched directories, files that were removed while open included. */
  diskBytes: number;
}

const LOOK_MS = 50;
/** Ticks of /proc/PID/stat in a second. */
const TICKS = 100;

const running = new Set<ChildProcess>();

/** Ends what is running on an interrupt; whoever waits for it then fails, and clears away. */
export function endOnInterrupt(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (running.size === 0) process.exit(130);
      for (const child of running) child.kill("SIGTERM");
    });
}

/**
 * Runs programs at once, to the end of all.
 * @param watched directories whose use of disk is observed; on one disk, and nobody else's
 * @returns the sample, and what each wrote to its standard output
 * @throws Failure if one does not end with 0
 */
export async function observe(
  programs: readonly Program[],
  watched: readonly string[] = [],
): Promise<{ sample: Sample; output: string[] }> {
  const started = performance.now();
  let diskBytes = 0;
  const seen = programs.map(program => start(program));
  const look = () => {
    for (const each of seen) each.look();
    const unnamed = seen.reduce((sum, each) => sum + each.unnamedBytes(), 0);
    diskBytes = Math.max(diskBytes, unnamed + usedBy(watched));
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    const output = await Promise.all(seen.map(({ done }) => done));
    const seconds = (performance.now() - started) / 1000;
    const sum = (figure: "peakMiB" | "cpuSeconds") => seen.reduce((all, each) => all + each[figure], 0);
    diskBytes = Math.max(diskBytes, usedBy(watched));
    return { sample: { seconds, peakMiB: sum("peakMiB"), cpuSeconds: sum("cpuSeconds"), diskBytes }, output };
  } finally {
    clearInterval(timer);
    for (const each of seen) each.kill();
    await Promise.allSettled(seen.map(({ done }) => done));
  }
}

function start({ command, args, env = process.env, cwd }: Program) {
  const child = spawn(command, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  const done = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      if (code === 0) resolve(stdout);
      else
        reject(
          new Failure(
            `\`${command} ${args.slice(0, 3).join(" ")} …\` ended with ${code ?? signal}:\n${stdout.slice(-2000)}${stderr}`,
            "",
          ),
        );
    });
  });
  // Whoever waits for all sees it; another one may have failed before.
  done.catch(() => undefined);
  const figures = { peakMiB: 0, cpuSeconds: 0 };
  return Object.assign(figures, {
    done,
    kill: () => child.exitCode === null && child.kill("SIGKILL"),
    unnamedBytes: () => (child.exitCode === null ? unnamedFiles(child.pid) : 0),
    look: () => {
      const { pid, exitCode } = child;
      if (pid === undefined || exitCode !== null) return;
      figures.peakMiB = Math.max(figures.peakMiB, peakMiBOf(pid));
      const stat = proc(pid, "stat");
      // The name in parentheses may hold anything; the 12th to 15th field after it are the ticks, its children's included.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      figures.cpuSeconds = Math.max(figures.cpuSeconds, ticks / TICKS);
    },
  });
}

/** Bytes on the disk of files that have no name any more: temporary files can hide so. */
function unnamedFiles(pid: number | undefined): number {
  let bytes = 0;
  try {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${descriptor}`;
      const target = readlinkSync(path);
      if (target.startsWith("/") && target.endsWith(" (deleted)") && !target.startsWith("/memfd:"))
        bytes += statSync(path).blocks * 512;
    }
  } catch {
    // It ended, or closed the file meanwhile.
  }
  return bytes;
}

/** Bytes on the disk of all files below directories, each once however many names it has. */
function usedBy(directories: readonly string[]): number {
  const files = new Map<number, number>();
  const visit = (directory: string) => {
    let entries: string[];
    try {
      entries = readdirSync(directory);
    } catch {
      return;
    }
    for (const name of entries) {
      const path = join(directory, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory()) visit(path);
      else if (found) files.set(found.ino, found.blocks * 512);
    }
  };
  for (const directory of directories) visit(directory);
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
}
