// Bundle: the form of a directory: the same layout unpacked. It holds the files of the bundle and nothing else, and no links (PF-3).
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Descriptor } from "../format/descriptor";
import { Refusal, shown } from "../format/refusal";
import { blobName, type HeadName, headNames } from "../tar/layout";
import type { Container, Opened } from "./container";
import { Pass } from "./pass";
import { openSource, type Source } from "./source";

/** Files that are looked at; a bundle of a hundred images has some thousand. */
const MOST_FILES = 100_000;

/**
 * Opens a directory.
 * @throws Refusal if it holds anything but plain files where a bundle has them
 */
export async function openDirectory(
  path: string,
  progress: (bytes: number) => void = () => undefined,
): Promise<Container> {
  const sizes = new Map<string, number>();
  await list(path, "", sizes, { ...Object.fromEntries(headNames.map(name => [name, "file"])), blobs: "directory" });
  await list(path, "blobs", sizes, { sha256: "directory" });
  await list(path, "blobs/sha256", sizes, "file");
  return new DirectoryContainer(path, sizes, progress);
}

class DirectoryContainer implements Container {
  readonly size: number;
  readonly #path: string;
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #progress: (bytes: number) => void;
  readonly #left: Set<string>;

  constructor(path: string, sizes: ReadonlyMap<string, number>, progress: (bytes: number) => void) {
    this.#path = path;
    this.#sizes = sizes;
    this.#progress = progress;
    this.#left = new Set(sizes.keys());
    this.size = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  async head(name: HeadName, limit: number): Promise<Buffer> {
    const size = this.#sizes.get(name);
    if (size === undefined)
      throw name === headNames[2]
        ? new Refusal(`it is not signed: ${name} is missing.`, "a bundle signed by the vendor.")
        : new Refusal(`${name} is missing.`, "a bundle, whole.");
    if (size > limit) throw new Refusal(`${name} has ${size} bytes.`, `at most ${limit} bytes.`);
    this.#left.delete(name);
    const pieces: Buffer[] = [];
    await this.#each(name, size, chunk => pieces.push(Buffer.from(chunk)));
    return Buffer.concat(pieces);
  }

  async take({ digest, size }: Descriptor, sink?: (chunk: Buffer) => void): Promise<void> {
    const name = blobName(digest);
    const found = this.#sizes.get(name);
    if (found === undefined) throw new Refusal(`${name} is missing.`, "a bundle, whole.");
    if (found !== size) throw new Refusal(`${name} has ${found} bytes.`, `${size} bytes, as what refers to it says.`);
    this.#left.delete(name);
    if (sink) await this.#each(name, size, sink);
    else this.#progress(size);
  }

  async end(): Promise<void> {
    const [name] = this.#left;
    if (name !== undefined)
      throw new Refusal(
        `${name} is one that nothing refers to${others(this.#left.size - 1)}.`,
        "what index.json leads to.",
      );
  }

  async opened({ digest, size }: Descriptor): Promise<Opened> {
    const source = await this.#open(blobName(digest), size);
    return { source, offset: 0, done: () => source.close() };
  }

  /** Says nothing of a directory: that each file is there with its size has been seen already. */
  expected(): undefined {
    return undefined;
  }

  async close(): Promise<void> {}

  async #each(name: string, size: number, sink: (chunk: Buffer) => void): Promise<void> {
    const source = await this.#open(name, size);
    const pass = new Pass(source, this.#progress);
    try {
      await pass.each(size, name, sink);
    } finally {
      await pass.settle();
      await source.close();
    }
  }

  async #open(name: string, size: number): Promise<Source> {
    const source = await openSource([join(this.#path, name)], true);
    if (source.size === size) return source;
    await source.close();
    throw new Refusal(`${name} has ${source.size} bytes.`, `${size} bytes, as before: nothing else may write here.`);
  }
}

type Allowed = "file" | "directory";

/** Notes the size of each file in one directory; `allowed` tells what may be there, by name or for all. */
async function list(
  root: string,
  within: string,
  sizes: Map<string, number>,
  allowed: Allowed | Record<string, Allowed>,
): Promise<void> {
  const path = join(root, within);
  const self = await lstat(path).catch(() => undefined);
  if (!self?.isDirectory() && within !== "")
    throw new Refusal(`${within} is ${self ? "no directory" : "missing"}.`, "a directory with the blobs.");
  for await (const entry of await opendir(path)) {
    const name = within === "" ? entry.name : `${within}/${entry.name}`;
    const kind = typeof allowed === "string" ? allowed : Object.hasOwn(allowed, entry.name) && allowed[entry.name];
    if (!kind) throw new Refusal(`${shown(name)} is no part of a bundle.`, `${headNames.join(", ")} and blobs/sha256.`);
    const stat = await lstat(join(path, entry.name));
    if (kind === "file" ? !stat.isFile() : !stat.isDirectory())
      throw new Refusal(
        `${shown(name)} is ${stat.isSymbolicLink() ? "a symbolic link" : `no ${kind}`}.`,
        `a plain ${kind}.`,
      );
    if (kind === "file") sizes.set(name, stat.size);
    if (sizes.size > MOST_FILES) throw new Refusal(`${path} holds more than ${MOST_FILES} files.`, "fewer.");
  }
}

function others(count: number): string {
  return count > 0 ? ` (and ${count} more)` : "";
}
