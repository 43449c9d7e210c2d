// Benchmarks: what the kernel tells of a process, its greatest memory above all.
import { readFileSync } from "node:fs";

/** A file of the process below /proc; empty where the process is gone. */
export function proc(pid: number | "self", file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/**
 * Greatest resident memory so far, in MiB; 0 where the process is gone.
 * Not rusage: at the start of a program that counts the memory of whoever started it.
 */
export function peakMiBOf(pid: number | "self"): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(proc(pid, "status"))?.[1] ?? 0) / 1024;
}

/** As targets say it: MB of a million bytes. */
export const inMB = (mebibytes: number): number => (mebibytes * 1024 ** 2) / 1e6;
