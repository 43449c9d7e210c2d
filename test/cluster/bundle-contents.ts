// Cluster tests: what a bundle holds, and where in its file.
import { openBundle } from "../../src/onprem/bundle/open";
import type { Descriptor } from "../../src/onprem/format/descriptor";
import { type PlannedImage, planImages } from "../../src/onprem/images/plan";
import { BLOCK } from "../../src/onprem/tar/header";
import { blobName } from "../../src/onprem/tar/layout";
import { run } from "../../toolchain/run";

/** Its images, every byte of them verified. */
export async function imagesIn(bundle: string, publicKeyPem: string): Promise<PlannedImage[]> {
  const opened = await openBundle(bundle, { publicKeyPem });
  try {
    return await planImages(opened);
  } finally {
    await opened.close();
  }
}

/** @throws Error if there is none of this name */
export function imageNamed(images: readonly PlannedImage[], repository: string): PlannedImage {
  const found = images.find(image => image.repository === repository);
  if (!found) throw new Error(`the bundle has no ${repository}`);
  return found;
}

/** The image's largest blob. */
export function largestOf({ blobs }: PlannedImage): Descriptor {
  const [largest] = blobs.toSorted((a, b) => b.size - a.size);
  if (!largest) throw new Error("an image without blobs");
  return largest;
}

/** Byte of the bundle's file at which a blob begins, by tar's own word. */
export async function placeIn(bundle: string, digest: string): Promise<number> {
  const { stdout, stderr } = await run("tar", ["--list", "--block-number", "--file", bundle]);
  const line = stdout.split("\n").find(each => each.endsWith(`: ${blobName(digest)}`)) ?? "";
  const block = /^block (\d+):/.exec(line)?.[1];
  if (block === undefined) throw new Error(`tar lists no ${digest}: ${stderr}`);
  return (Number(block) + 1) * BLOCK;
}
