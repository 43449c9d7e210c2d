// Make: whose a making is, beside the file under way: the machine's own lock ends at another account, container or machine (PF-3).
import { open, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { Failure } from "../../../toolchain/failure";
import { holder, isGone, parseHolder } from "../../../toolchain/holder";
import { shown } from "../format/refusal";
import { partial } from "./names";

/** What a making is held by. */
export interface Ownership {
  /** @throws Failure if it is another one's by now */
  check(): Promise<void>;
  /** Lets go; what is another one's by now stays. */
  release(): Promise<void>;
}

/**
 * Takes a making for this process. What a process left that has surely ended is taken over.
 * @param out file that is made
 * @throws Failure naming who makes it, or the error of the directory
 */
export async function own(out: string): Promise<Ownership> {
  const path = `${partial(out)}.owner`;
  const mine = JSON.stringify(holder());
  // Two times: what was left by one that has ended is removed in between.
  if (!(await write(path, mine)) && !((await removeLeft(path)) && (await write(path, mine))))
    throw taken(out, path, await said(path));
  const isMine = async () => (await said(path)) === mine;
  return {
    async check() {
      if (!(await isMine()))
        throw new Failure(
          `${basename(out)} is no longer this making's: ${path} names another one`,
          "See that nothing else makes it, then run the same command again.",
        );
    },
    async release() {
      if (await isMine()) await rm(path, { force: true });
    },
  };
}

/** Whether the file was not there, and is now. */
async function write(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o644);
    try {
      await file.writeFile(text);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw new Failure(
      `${path} cannot be written: ${code}`,
      "Name a file in a directory that is yours, and has room: `--out FILE`.",
    );
  }
}

async function removeLeft(path: string): Promise<boolean> {
  const found = parseHolder(await said(path));
  if (!found || !isGone(found)) return false;
  await rm(path, { force: true });
  return true;
}

const said = (path: string) => readFile(path, "utf8").catch(() => "");

function taken(out: string, path: string, text: string): Failure {
  const found = parseHolder(text);
  const who = found ? `process ${found.pid} of ${shown(found.host)}` : "a process that left no name";
  return new Failure(
    `${basename(out)} is being made: by ${who}, or was killed there`,
    `Wait until it is done. If nothing makes it, remove the mark, then run the same command again: \`rm ${path}\``,
  );
}
