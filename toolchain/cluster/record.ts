// Cluster: the record of a running node, and whether it is that very node.
import { readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";

/** What is written down about a node. */
export interface NodeRecord {
  pid: number;
  /** When that process started, in ticks since the machine did: a process id alone could by now be somebody else's. */
  started: string;
  /** Ports on 127.0.0.1. */
  apiPort: number;
  registryPort: number;
}

export async function readRecord(file: string): Promise<NodeRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as NodeRecord;
  } catch {
    return undefined;
  }
}

export async function writeRecord(file: string, record: NodeRecord): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
}

/** Start time of a process, or undefined if there is none or it has ended and only waits to be collected. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, in parentheses, may hold anything; from the third on they are plain.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
