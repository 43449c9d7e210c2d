// Support bundle: files as one tar.gz, whole or not at all, readable by its owner alone.
import { createHash, randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../toolchain/failure";
import { BLOCK, END, encodeHeader, fields, paddingOf } from "../tar/header";

export interface SupportFile {
  /** Path in the archive, of plain characters. */
  name: string;
  text: string;
}

/** Bytes of a tar's name field. */
const longestName = fields.name[1];

/** The path in the archive: characters that mean nothing to a shell or a path, and short enough, yet still one for each. */
export function archiveName(...parts: readonly string[]): string {
  const path = parts.map(part => part.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^\.+/, "-")).join("/");
  if (path.length <= longestName) return path;
  const sum = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return `${path.slice(0, longestName - 18)}-${sum}.txt`;
}

/** A gzipped tar of the files, in their order. */
export function archive(files: readonly SupportFile[]): Buffer {
  const entries = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text, "utf8");
    return [encodeHeader(name, content.length), content, Buffer.alloc(paddingOf(content.length) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(END)]));
}

/**
 * @throws Failure if the file cannot be written; nothing of it is left then
 */
export async function writeArchive(path: string, files: readonly SupportFile[]): Promise<number> {
  const bytes = archive(files);
  const partial = `${path}.${randomBytes(6).toString("hex")}.partial`;
  try {
    await writeFile(partial, bytes, { mode: 0o600, flag: "wx" });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Failure(
      `the support bundle cannot be written to ${path}: ${code}`,
      "Name a place that can be written to: --out FILE",
    );
  }
  return bytes.length;
}
