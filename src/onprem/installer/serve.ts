// Installer's commands: the registry that the bundle brings, until a signal ends it, and the import into one node (PF-3, RT-12).
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { Failure } from "../../../toolchain/failure";
import { serveImages } from "../images/serve";
import { tagOf } from "../images/tag";
import { parseRegistry } from "../registry/address";
import { openTarget } from "./bundle-target";
import { checkedImages, importImages } from "./images-part";
import type { BundleOptions, CtrOptions, ServeOptions } from "./options";
import { inSight, reading } from "./read-progress";

/** Milliseconds in which pulls that are under way may end. */
const graceMs = 30_000;

/** A signal that came once; the second time means now. */
function interrupted(): { signal: AbortSignal; close: () => void } {
  const first = new AbortController();
  const interrupt = () => {
    if (first.signal.aborted) process.exit(130);
    first.abort();
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, interrupt);
  return {
    signal: first.signal,
    close: () => {
      for (const name of names) process.off(name, interrupt);
    },
  };
}

/**
 * Serves until SIGTERM or SIGINT, then ends what is under way. Repositories have the path of the values' registry.
 * @param again the command that was typed, here and below
 */
export async function runServe(path: string, options: ServeOptions, again: string): Promise<void> {
  const { host, port } = listenAddress(options.listen);
  const tls = await tlsOf(options);
  const end = interrupted();
  const opened = await reading(process.stderr, end.signal, progress => openTarget(path, options, again, progress));
  try {
    const images = await checkedImages(opened);
    const { prefix } = parseRegistry(opened.target.registry, true);
    const onAltered = (found: string) =>
      process.stderr.write(`palisade: ${path}: ${found} Whoever asked for it got an error. Serve the bundle anew.\n`);
    const registry = await serveImages(opened.bundle, { host, port, tls, prefix, tag: tagOf, onAltered });
    const { version } = opened.target;
    process.stdout.write(`Serving ${images.length} images of release ${version} on ${registry.address}.\n`);
    if (!end.signal.aborted) await once(end.signal, "abort");
    process.stdout.write("Ending: what is under way is let finish.\n");
    await registry.close(graceMs);
  } finally {
    end.close();
    await opened.bundle.close();
  }
}

export async function runImport(path: string, options: BundleOptions & CtrOptions, again: string): Promise<void> {
  const end = interrupted();
  const opened = await reading(process.stderr, end.signal, progress => openTarget(path, options, again, progress));
  try {
    const done = await inSight(process.stderr, "images", "import the images into this node", ({ progress }) =>
      importImages(opened, options, opened.target, { progress, cancelled: end.signal }),
    );
    process.stdout.write(`${done}\n`);
  } catch (error) {
    if (!end.signal.aborted) throw error;
    throw new Failure("interrupted", "Type the same command again to go on: whole images are not sent again.");
  } finally {
    end.close();
    await opened.bundle.close();
  }
}

/** @param text `HOST:PORT`, `[ADDRESS]:PORT` @throws Failure saying what is allowed. Pure. */
export function listenAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([a-zA-Z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (host !== "" && port <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6)) return { host, port };
  throw new Failure(
    `\`${text.slice(0, 200)}\` is no address to serve on`,
    "Allowed: --listen HOST:PORT, such as --listen 127.0.0.1:5000 or --listen [::1]:5000",
  );
}

async function tlsOf({ tlsCert, tlsKey }: ServeOptions): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new Failure(
      "a certificate and its key belong together, and one of them is given",
      "Allowed: --tls-cert FILE --tls-key FILE, or none of them",
    );
  const read = (path: string, flag: string) =>
    readFile(path).catch((error: NodeJS.ErrnoException) => {
      throw new Failure(`${path} cannot be read: ${error.code ?? "unknown"}`, `Name a file in PEM: ${flag} FILE`);
    });
  return { cert: await read(tlsCert, "--tls-cert"), key: await read(tlsKey, "--tls-key") };
}
