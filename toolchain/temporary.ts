// Toolchain: a temporary directory for as long as some work takes. An interrupt removes it; what a kill left is removed when the next one is made.
import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { holder, isGone, parseHolder } from "./holder";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const OWNER = "owner.json";

/**
 * @param prefix of its name, such as `palisade-layout-`; of this kind of directory alone
 * @param work gets its path; beside what it puts there lies `owner.json`
 */
export async function withTemporary<Result>(
  prefix: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  await sweep(prefix);
  const directory = await mkdtemp(join(tmpdir(), prefix));
  // What another thread was just writing may come in between.
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const interrupted = (signal: (typeof SIGNALS)[number]) => {
    // Somebody else who listens has something to finish first.
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
  };
  process.once("exit", remove);
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    await writeFile(join(directory, OWNER), JSON.stringify(holder()));
    return await work(directory);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    await rm(directory, { recursive: true, force: true });
    process.off("exit", remove);
  }
}

/** Removes what processes left that have surely ended. What is another account's stays. */
async function sweep(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const directory = join(tmpdir(), name);
    const found = parseHolder(await readFile(join(directory, OWNER), "utf8").catch(() => ""));
    if (found && isGone(found)) await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}
