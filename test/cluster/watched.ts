// Cluster tests: a program to its end, with the memory that it took.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { inMB, peakMiBOf } from "../../bench/bundle/proc";
import type { RunResult } from "../../toolchain/run";

/** Between two looks; what the kernel tells is the greatest so far, so that the last look alone counts. */
const LOOK_MS = 50;

export interface Watched extends RunResult {
  /** Greatest resident memory, in MB of a million bytes. */
  peakMB: number;
}

/** @param child just started; programs that it becomes by `exec` count too, those that it starts do not */
export async function watched(child: ChildProcessWithoutNullStreams): Promise<Watched> {
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  child.stdin.end();
  let peakMB = 0;
  const timer = setInterval(() => {
    if (child.pid !== undefined) peakMB = Math.max(peakMB, inMB(peakMiBOf(child.pid)));
  }, LOOK_MS);
  try {
    const [code] = await once(child, "close");
    return { code: typeof code === "number" ? code : 1, ...text, peakMB };
  } finally {
    clearInterval(timer);
  }
}
