// Toolchain: OCI images without a daemon, the same bytes every time, and their way into a registry by digest (RT-1, RT-12).
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./failure";
import { goProgram } from "./go-program";
import { run } from "./run";

/** One entry of a layer: exactly one of `source`, `content`, `link` and `directory`. */
export interface ImageFile {
  /** Path in the image; `..`, control characters and whiteouts are refused, and so is a path below a link. */
  path: string;
  /** A regular file on this machine. */
  source?: string;
  /** The text itself. */
  content?: string;
  /** Makes a symbolic link. An absolute target is rewritten to the relative one; one that leads out of the image is refused. */
  link?: string;
  /** Makes an empty directory. */
  directory?: boolean;
  /** Permission bits; 0o755 for directories, else 0o644. A directory may be sticky; set-user-id is refused. */
  mode?: number;
  /** Owner; 0. */
  uid?: number;
  /** Group; 0. */
  gid?: number;
}

/** One layer: a directory's content, and files that win over it. */
export interface ImageLayer {
  files?: ImageFile[];
  /**
   * A directory whose content becomes the layer's root, such as extracted Debian packages. Owners become 0:0 and modes 0755
   * or 0644, whatever the umask was. `exclude` holds patterns: of a name anywhere, or of a whole path if it has a slash.
   */
  tree?: { source: string; exclude?: string[] };
}

/** What an image is to be. The same specification over the same bytes has the same digest on every machine of one architecture. */
export interface ImageSpec {
  layers: ImageLayer[];
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  /** Number, or number:group, never root: the kubelet cannot tell from a name who it is. */
  user: string;
  /** Absolute path. */
  workingDirectory?: string;
  /** Signal that asks the program to end, such as SIGINT; SIGTERM where none is named. The node's runtime obeys it. */
  stopSignal?: string;
  /** TCP ports. */
  ports?: number[];
  labels?: Record<string, string>;
}

/** A blob of an image; `size` in bytes. */
export interface ImageBlob {
  digest: string;
  mediaType: string;
  size: number;
}

/** An image that was packed: its manifest, and what that names. */
export interface PackedImage extends ImageBlob {
  config: ImageBlob;
  layers: ImageBlob[];
}

/** What the tool is built from, for the keys of images in the cache. */
export const imageToolSource = join(__dirname, "go", "images");

/** The tool, built on first use (half a minute) and then only looked up. */
const imageTool = () => goProgram({ name: "images", module: imageToolSource });

/**
 * Writes an OCI image layout with one manifest. Times are SOURCE_DATE_EPOCH, or 1970.
 * @param layoutDirectory appears whole or not at all; it must be new or empty
 * @throws Failure naming the path or field that was refused and what is allowed
 */
export async function packImage(spec: ImageSpec, layoutDirectory: string): Promise<PackedImage> {
  const work = await mkdtemp(join(tmpdir(), "palisade-image-"));
  try {
    const file = join(work, "spec.json");
    await writeFile(file, JSON.stringify(spec));
    return await ask<PackedImage>(["pack", file, layoutDirectory]);
  } finally {
    await rm(work, { recursive: true });
  }
}

/**
 * Sends the image of a layout, checked against its digests first; blobs that the registry has are not sent again.
 * @param registry host:port; plain http on loopback only, credentials of elsewhere from the user's Docker configuration
 * @returns registry/repository@sha256:…
 * @throws Failure when the layout is not whole or the registry refuses
 */
export async function pushImage(layoutDirectory: string, registry: string, repository: string): Promise<string> {
  const { reference } = await ask<{ reference: string }>(["push", layoutDirectory, registry, repository]);
  return reference;
}

async function ask<Answer>(args: string[]): Promise<Answer> {
  const tool = await imageTool();
  const { code, stdout, stderr } = await run(tool, args);
  if (code !== 0) throw new Failure(`images ${args[0]}: ${stderr.trim()}`, "");
  return JSON.parse(stdout) as Answer;
}
