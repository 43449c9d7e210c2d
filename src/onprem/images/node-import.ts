// Image phase: images straight into a node's containerd, for clusters without any registry. Streamed; nothing is unpacked (PF-3, RT-12).
import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { Descriptor } from "../format/descriptor";
import { type Ctr, ctrFailure, runCtr } from "./ctr";
import { layoutTar } from "./layout-tar";
import { type PlannedImage, planImages } from "./plan";
import type { ImageSource } from "./source";

export interface NodeImportOptions extends Ctr {
  /** Registry, with a path if pods' references have one: their images are called by it, though nobody asks it. */
  registry: string;
  /** Bytes that containerd took, and bytes in all. */
  onProgress?: (bytes: number, total: number) => void;
  /** Called for each image before anything is imported; throws if its signature or provenance do not hold. */
  verify?: (image: PlannedImage) => Promise<void>;
}

/** What was done. */
export interface NodeImport {
  /** References that were imported. */
  imported: string[];
  /** References that were there, whole. */
  present: string[];
}

/**
 * Imports every image that the node does not have whole, under the reference by digest that pods name. Must run on the node,
 * as a user who may use containerd; once on each node. Run again it goes on: what is whole is not sent again.
 * @throws Failure naming what containerd said and what to do
 */
export async function importIntoNode(source: ImageSource, options: NodeImportOptions): Promise<NodeImport> {
  const images = await planImages(source);
  for (const image of images) await options.verify?.(image);
  const whole = await wholeImages(options);
  const referenceOf = ({ repository, digest }: PlannedImage) => `${options.registry}/${repository}@${digest}`;
  const lacking = images.filter(image => !whole.has(referenceOf(image)));
  // One at a time: containerd counts an image only when its import ends, and a killed run keeps those before it.
  const sizes = lacking.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const [at, image] of lacking.entries()) {
    options.signal?.throwIfAborted();
    const [start, size] = [before, sizes[at] ?? 0];
    // A tar's own headers are no content.
    const onBytes = (bytes: number) => options.onProgress?.(start + Math.min(bytes, size), total);
    await importOne(source, image, referenceOf(image), options, onBytes);
    before += size;
  }
  return {
    imported: lacking.map(referenceOf),
    present: images.filter(image => !lacking.includes(image)).map(referenceOf),
  };
}

const sizeOf = (image: PlannedImage) => contentOf(image).reduce((sum, { size }) => sum + size, 0);
const contentOf = ({ manifests, blobs }: PlannedImage): Descriptor[] => [...manifests, ...blobs];

/** References of which containerd has every byte. */
async function wholeImages(options: NodeImportOptions): Promise<Set<string>> {
  const { code, stdout, stderr } = await runCtr(options, ["images", "check", "--quiet"]);
  if (code !== 0) throw ctrFailure("look for images", code, stderr, options);
  return new Set(stdout.split("\n").map(line => line.trim()));
}

async function importOne(
  source: ImageSource,
  image: PlannedImage,
  reference: string,
  options: NodeImportOptions,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const write = async (input: NodeJS.WritableStream) => {
    let sent = 0;
    for await (const chunk of layoutTar(source, image, reference)) {
      if (!input.write(chunk)) await once(input, "drain");
      sent += chunk.length;
      onBytes(sent);
    }
    input.end();
    await finished(input);
  };
  const { code, stderr } = await runCtr(options, ["images", "import", "--digests=false", "-"], write);
  if (code !== 0) throw ctrFailure(`import ${image.repository}@${image.digest}`, code, stderr, options);
}
