// Toolchain: which process something belongs to, written down so that another one, also in another container or on another machine, can judge it.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

const shape = z.strictObject({
  pid: z.int().positive(),
  /** When it was started, in the kernel's ticks: a number that was given away again tells itself by this. */
  started: z.string(),
  host: z.string(),
  /** Which start of the machine this is. */
  boot: z.string(),
  /** In which numbers of processes mean the same. */
  namespace: z.string(),
});
export type Holder = z.infer<typeof shape>;

/** This process, or another one of the same namespace. What a system does not tell is empty. */
export function holder(pid = process.pid): Holder {
  return {
    pid,
    started: statusOf(pid).started,
    host: hostname(),
    boot: told(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    namespace: told(() => readlinkSync("/proc/self/ns/pid")),
  };
}

/** What `JSON.stringify` made of a holder; undefined if it is anything else. */
export function parseHolder(text: string): Holder | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether a process has surely ended. False also where that cannot be known from here. */
export function isGone(found: Holder): boolean {
  const here = holder();
  if (found.host !== here.host) return false;
  if (found.boot !== here.boot) return true;
  if (found.namespace !== here.namespace) return false;
  try {
    process.kill(found.pid, 0);
  } catch (error) {
    // Any other error says that it is there, and another account's.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
  }
  const { state, started } = statusOf(found.pid);
  // Ended, but nobody has asked how.
  if (state === "Z" || state === "X") return true;
  return started !== "" && started !== found.started;
}

/** Fields 3 and 22 of its status; its name, which comes before, may hold blanks and parentheses. */
function statusOf(pid: number): { state: string; started: string } {
  const status = told(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", started: fields[19] ?? "" };
}

function told(ask: () => string): string {
  try {
    return ask();
  } catch {
    return "";
  }
}
