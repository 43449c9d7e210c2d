// Bundle: opens a bundle, whichever form it has, and gives it out only once it is verified (PF-3, RT-9).
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../../toolchain/failure";
import { Refusal } from "../format/refusal";
import { readPublicKey } from "../signing/public-key";
import type { Container } from "./container";
import { openDirectory } from "./directory-container";
import { type Inspected, inspect } from "./inspect";
import { type OpenBundle, opened } from "./opened";
import { partsOf } from "./parts";
import { openSource } from "./source";
import { TarContainer } from "./tar-container";

export interface OpenOptions {
  /** The vendor's public key, which came out of band: the only trust there is. */
  publicKeyPem: string;
  /** Path of the whole bundle that a delta builds on. */
  base?: string;
  /** Refuses a delta even together with its base: for who needs a base. */
  whole?: boolean;
  /** Told bytes read and bytes in all, base included. */
  progress?: (bytes: number, total: number) => void;
  /**
   * Whether each blob is hashed before the bundle is given out; true unless told. False: signature, manifests and the release's description
   * are verified, and each other blob only as it is read.
   */
  full?: boolean;
  /** The command to type again once the bundle was fetched anew. */
  again?: string;
}

/**
 * Opens and verifies a bundle: a tar, numbered parts of one, or a directory.
 *
 * @param path of the tar, of the first part or the name without its number, or of the directory
 * @throws Failure if anything at all is not as the vendor signed it, with what was found and what to do; nothing stays open
 */
export async function openBundle(path: string, options: OpenOptions): Promise<OpenBundle> {
  const { bundle } = await openWithFindings(path, options);
  return bundle;
}

/** As `openBundle`, with what was found on the way. */
export async function openWithFindings(
  path: string,
  options: OpenOptions,
): Promise<{ bundle: OpenBundle; findings: Inspected; size: number }> {
  const { publicKeyPem, full = true, whole = false } = options;
  readPublicKey(publicKeyPem);
  let total = 0;
  let done = 0;
  const progress = (bytes: number) => {
    done += bytes;
    options.progress?.(done, total);
  };
  const again =
    options.again ?? `npx palisade verify ${path} --key KEY${options.base ? ` --base ${options.base}` : ""}`;
  const open: Container[] = [];
  const contain = async (file: string) => {
    const container = await named(file, again, () => openContainer(file, progress));
    open.push(container);
    total += container.size;
    return container;
  };
  try {
    const container = await contain(path);
    const baseContainer = options.base === undefined ? undefined : await contain(options.base);
    const base =
      baseContainer &&
      (await named(options.base ?? "", again, () => inspect(baseContainer, { publicKeyPem, full, whole: true })));
    const findings = await named(path, again, () => inspect(container, { publicKeyPem, full, whole, base }));
    const bundle = opened(findings, container, base && baseContainer && opened(base, baseContainer));
    return { bundle, findings, size: total };
  } catch (error) {
    for (const container of open) await container.close();
    throw error;
  }
}

async function openContainer(path: string, progress: (bytes: number) => void): Promise<Container> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return openDirectory(path, progress);
  const directory = dirname(path);
  const names = await readdir(directory).catch(() => []);
  const parts = partsOf(basename(path), names);
  return new TarContainer(await openSource(parts.map(part => join(directory, part))), progress);
}

const fetchAgain =
  "Nothing of it was used. Fetch it again, and compare its checksum and the key with those the vendor told out of band.";

/** Says of which file a refusal speaks, and what to do next. */
export async function named<Result>(path: string, again: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { found, allowed, adding } = error;
    const next = error.next ?? fetchAgain;
    const type = error.next === undefined || adding ? `\nThen type: ${[again, adding].filter(Boolean).join(" ")}` : "";
    throw new Failure(`${path} is refused: ${found}`, `Allowed: ${allowed}\n${next}${type}`);
  }
}
