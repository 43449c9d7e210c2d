// Make: the file under way. It has its last size and no name of its own until every byte is in its place and on the disk (PF-3).
import { constants, writeSync } from "node:fs";
import { type FileHandle, lstat, open, rename, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../../../toolchain/failure";
import { EarlySync } from "./early-sync";
import { partial } from "./names";
import { rangesOf, type Slice } from "./slices";

/** A bundle that is being written, at any place and in any order. */
export interface Target {
  write(chunks: readonly Buffer[], at: number): Promise<void>;
  /** Fewer bytes than asked for if they end before. */
  read(at: number, size: number): Promise<Buffer>;
  /** Everything on the disk, under its own name. */
  commit(): Promise<void>;
  /** Leaves what was written for the next making. */
  close(): Promise<void>;
}

/** Bytes of one write, at most. */
const WRITE = 64 * 1024;

/**
 * Opens the files of a making, new ones or those that an earlier one left.
 * @throws Failure when they cannot be written, or the disk has no room
 */
export async function openTarget(out: string, slices: readonly Slice[]): Promise<Target> {
  const directory = dirname(out);
  const files: FileHandle[] = [];
  const syncs: EarlySync[] = [];
  const close = async () => {
    for (const sync of syncs.splice(0)) await sync.settle();
    for (const file of files.splice(0)) await file.close();
  };
  try {
    for (const { path } of slices) files.push(await openPart(partial(path)));
    await checkRoom(directory, files, slices);
    for (const [at, file] of files.entries()) await toDisk(directory, () => file.truncate(slices[at]?.size));
    syncs.push(...files.map(file => new EarlySync(file)));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async write(chunks, at) {
      const size = chunks.reduce((sum, { length }) => sum + length, 0);
      let left = [...chunks];
      for (const range of rangesOf(slices, at, size)) {
        const [now, later] = cutAt(left, range.size);
        left = later;
        await toDisk(directory, async () => {
          writeAll(files[range.slice], now, range.at);
          syncs[range.slice]?.wrote(range.size);
        });
      }
    },
    async read(at, size) {
      const buffer = Buffer.allocUnsafe(size);
      let had = 0;
      for (const range of rangesOf(slices, at, size)) {
        const { bytesRead = 0 } = (await files[range.slice]?.read(buffer, had, range.size, range.at)) ?? {};
        had += bytesRead;
        if (bytesRead < range.size) break;
      }
      return buffer.subarray(0, had);
    },
    async commit() {
      for (const sync of syncs) await toDisk(directory, () => sync.finish());
      for (const [at, file] of files.entries()) await requireSame(partial(slices[at]?.path ?? ""), file);
      await close();
      // The first part comes last: whoever looks for it finds the others.
      for (const { path } of [...slices].reverse()) await rename(partial(path), path);
      const handle = await open(directory, "r");
      await handle.sync().finally(() => handle.close());
    },
    close,
  };
}

/** What gets its name is what was written. */
async function requireSame(path: string, file: FileHandle): Promise<void> {
  const ours = await file.stat({ bigint: true });
  const there = await lstat(path, { bigint: true }).catch(() => undefined);
  if (there?.ino === ours.ino && there.dev === ours.dev) return;
  throw new Failure(
    `${path} was taken away while it was written${there ? ": another file lies in its place" : ""}`,
    "See that nothing else writes there, then run the same command again.",
  );
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    // A link would lead to a file that is not ours to write.
    return await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return open(path, "wx+", 0o644);
      throw error;
    });
  } catch (error) {
    throw new Failure(
      `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      "Name a file in a directory that is yours: `--out FILE`.",
    );
  }
}

async function checkRoom(directory: string, files: readonly FileHandle[], slices: readonly Slice[]): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  let needed = slices.reduce((sum, { size }) => sum + size, 0);
  for (const file of files) needed -= (await file.stat()).blocks * 512;
  if (needed > bavail * bsize)
    throw new Failure(
      `${directory} has ${bavail * bsize} bytes free, and the bundle needs ${needed} more`,
      "Name a file on a larger disk: `--out FILE`.",
    );
}

/**
 * A write may be cut short by the system; the rest follows. Small writes, each to the end of its own 64 KiB: for larger ones Linux
 * takes pages of megabytes for the cache, and clearing memory for those took ten times as long as all else. They are waited for
 * here, since handing each to another thread took as long as the write; while the disk stands still there is nothing else to do.
 */
function writeAll(file: FileHandle | undefined, chunks: readonly Buffer[], at: number): void {
  let position = at;
  for (const chunk of chunks)
    for (let from = 0; from < chunk.length && file; ) {
      const most = Math.min(chunk.length - from, WRITE - (position % WRITE));
      const bytesWritten = writeSync(file.fd, chunk, from, most, position);
      position += bytesWritten;
      from += bytesWritten;
    }
}

/** Says what the disk's own errors mean. */
async function toDisk(directory: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EFBIG")
      throw new Failure(
        `${directory} takes no file as large as the bundle`,
        "Make it in parts: add `--split 4GB` (FAT takes files below 4 GiB), or name a file on another disk: `--out FILE`.",
      );
    if (code !== "ENOSPC" && code !== "EDQUOT" && code !== "EIO") throw error;
    throw new Failure(
      `writing to ${directory} ended: ${code === "EIO" ? "the disk reports an error" : "no room is left"}`,
      "Make room (or name a file on another disk), then run the same command again: it goes on where it was.",
    );
  }
}

function cutAt(chunks: readonly Buffer[], size: number): [Buffer[], Buffer[]] {
  const before: Buffer[] = [];
  const after: Buffer[] = [];
  let left = size;
  for (const chunk of chunks) {
    if (left > 0) before.push(chunk.subarray(0, left));
    if (chunk.length > left) after.push(chunk.subarray(left));
    left = Math.max(0, left - chunk.length);
  }
  return [before.filter(({ length }) => length > 0), after];
}
