// Bundle: bytes at rest that can be read from any place: a file, or numbered parts taken as one. Nothing but plain files is opened.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Refusal } from "../format/refusal";

export interface Source {
  /** Bytes. */
  readonly size: number;
  /** Reads from a position until the buffer is full or the source ends; gives the number of bytes. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Where a position lies, for a message. */
  where(position: number): string;
  close(): Promise<void>;
}

interface Part {
  readonly path: string;
  readonly handle: FileHandle;
  readonly start: number;
  readonly size: number;
}

/**
 * Opens files as one, in order.
 *
 * @param strict whether a symbolic link is refused too, as in a directory that another has packed
 * @throws Refusal if one is no plain file, or parts are not slices of one length
 */
export async function openSource(paths: readonly string[], strict = false): Promise<Source> {
  const parts: Part[] = [];
  const close = async () => {
    for (const { handle } of parts) await handle.close();
  };
  try {
    let start = 0;
    for (const path of paths) {
      const { handle, size } = await openPlain(path, strict);
      parts.push({ path, handle, start, size });
      start += size;
    }
    checkSlices(parts);
  } catch (error) {
    await close();
    throw error;
  }
  const last = parts.at(-1);
  const holding = (position: number) => parts.find(({ start, size }) => position < start + size) ?? last;
  return {
    size: last ? last.start + last.size : 0,
    where: position => {
      const part = holding(position);
      return part ? `${part.path}, byte ${position - part.start}` : `byte ${position}`;
    },
    close,
    read: async (buffer, position) => {
      let filled = 0;
      while (filled < buffer.byteLength) {
        const part = parts.find(({ start, size }) => position + filled >= start && position + filled < start + size);
        if (!part) break;
        const within = position + filled - part.start;
        const wanted = Math.min(buffer.byteLength - filled, part.size - within);
        const { bytesRead } = await part.handle.read(buffer, filled, wanted, within).catch(error => {
          throw new Refusal(
            `${part.path} cannot be read from byte ${within} on: ${error.message}`,
            "a medium that reads.",
          );
        });
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
  };
}

async function openPlain(path: string, strict: boolean): Promise<Pick<Part, "handle" | "size">> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a pipe in a file's place would hold us up for ever.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (strict ? constants.O_NOFOLLOW : 0));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") throw new Refusal(`${path} is not there.`, "the bundle, whole.");
    if (code === "ELOOP") throw new Refusal(`${path} is a symbolic link.`, "a plain file.");
    throw new Refusal(`${path} cannot be read: ${error instanceof Error ? error.message : error}`, "a readable file.");
  }
  const stat = await handle.stat();
  if (stat.isFile()) return { handle, size: stat.size };
  await handle.close();
  throw new Refusal(`${path} is no plain file.`, "a plain file.");
}

/** Parts are cut at one length; only the last may be shorter. */
function checkSlices(parts: readonly Part[]): void {
  const [first] = parts;
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    if (first && (last ? part.size > first.size || part.size === 0 : part.size !== first.size) && parts.length > 1)
      throw new Refusal(
        `part ${part.path} has ${part.size} bytes, the first has ${first.size}.`,
        "parts of one bundle: all as long as the first, the last at most so.",
      );
  }
}
