// Installer: who holds the lease, in a form that people read, and that a later process on the same machine can judge.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";

export interface Holder {
  /** `alice@host, process 4711 (3f9a)`. */
  identity: string;
  /** The same for processes that can see each other. */
  machine: string;
  process: number;
}

export function thisProcess(): Holder {
  const tail = randomBytes(4).toString("hex");
  return {
    identity: `${user()}@${hostname()}, process ${process.pid} (${tail})`,
    machine: machine(),
    process: process.pid,
  };
}

/** Whether a holder surely has ended: it was a process of this machine, and is no more. */
export function hasEnded(holder: Pick<Holder, "machine" | "process">, here: Holder): boolean {
  if (holder.machine === "" || holder.machine !== here.machine || !(holder.process > 0)) return false;
  try {
    process.kill(holder.process, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need have no entry.
    return String(process.getuid?.() ?? "somebody");
  }
}

/** The running system and the room of its process numbers; empty where neither can be told. */
function machine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return createHash("sha256")
      .update(`${boot} ${readlinkSync("/proc/self/ns/pid")}`)
      .digest("hex")
      .slice(0, 32);
  } catch {
    return "";
  }
}
