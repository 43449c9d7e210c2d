// Installer's commands: the images to where pods find them: pushed to a registry, imported into this node, or left where they are (PF-3, RT-12).
import { importIntoNode } from "../images/node-import";
import { type PlannedImage, planImages } from "../images/plan";
import { pushImages } from "../images/push";
import { tagOf } from "../images/tag";
import { imageCheck } from "../images/verify";
import type { Parts, Target, Work } from "../install/parts";
import type { RegistrySession } from "../registry/session";
import { verifyStatement } from "../signing/verify";
import type { Opened } from "./bundle-target";
import type { CtrOptions, ImagesOptions } from "./options";

/** @param session a registry by its address */
export function imagesPart(
  opened: Opened,
  session: (address: string) => RegistrySession,
  options: ImagesOptions,
): Parts["images"] {
  if (options.imagesTo === "none")
    return async () => {
      const { length } = await checkedImages(opened);
      return `none brought, as was asked for: nodes have the ${length}, signed and with provenance, or find them`;
    };
  if (options.imagesTo === "node") return (target, work) => importImages(opened, options, target, work);
  return async (target, work) => {
    const registry = session(target.registry);
    try {
      const { blobs, bytes } = await pushImages(registry, opened.bundle, {
        verify: checkOf(opened),
        tag: tagOf,
        signal: work.cancelled,
        onProgress: ({ bytes: sent, total, images, ofImages }) =>
          work.progress(`${images} of ${ofImages} images, ${mib(sent)} of ${mib(total)} MiB`),
      });
      const count = opened.bundle.release.images.length;
      return `${count} images, ${blobs.pushed} blobs sent (${mib(bytes)} MiB), ${blobs.present} there before`;
    } finally {
      registry.close();
    }
  };
}

/** Into the containerd of the node that this runs on, under the references that pods name. @returns one line */
export async function importImages(
  opened: Opened,
  options: CtrOptions,
  { registry }: Target,
  work: Pick<Work, "progress" | "cancelled">,
): Promise<string> {
  const { imported, present } = await importIntoNode(opened.bundle, {
    ...{
      registry,
      verify: checkOf(opened),
      ctr: wordsOf(options.ctr),
      address: options.containerd,
      signal: work.cancelled,
    },
    onProgress: (bytes, total) => work.progress(`${mib(bytes)} of ${mib(total)} MiB`),
  });
  return `${imported.length} images imported into this node, ${present.length} there before; each other node needs them too: palisade import`;
}

/** All images, each held to the vendor's signature and to what the vendor says of its build. */
export async function checkedImages(opened: Opened): Promise<PlannedImage[]> {
  const images = await planImages(opened.bundle);
  const check = checkOf(opened);
  for (const image of images) await check(image);
  return images;
}

function checkOf({ bundle, publicKeyPem }: Opened): (image: PlannedImage) => Promise<void> {
  return imageCheck(bundle, (text, expected) => verifyStatement(publicKeyPem, text, expected));
}

/** A program and its first arguments. No shell reads them. Pure. */
export function wordsOf(command: string): string[] {
  const words = command.split(/\s+/).filter(word => word !== "");
  return words.length > 0 ? words : ["ctr"];
}

const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
