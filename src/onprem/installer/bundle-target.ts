// Installer's commands: from a bundle to what it means in this place. Nothing is used before every byte of it is verified (PF-3, RT-9, RT-13).
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { Failure } from "../../../toolchain/failure";
import { named, openBundle } from "../bundle/open";
import type { OpenBundle } from "../bundle/opened";
import { checkConfigKey, requireSignedConfiguration } from "../bundle/signed-configuration";
import { files } from "../format/release";
import type { Target } from "../install/parts";
import { readReleaseInputs } from "../render/inputs";
import { requireSameManifests } from "../render/manifests";
import { type RenderedRelease, renderRelease } from "../render/rendered-release";
import { parseValues } from "../render/values";
import type { BundleOptions } from "./options";

export interface Opened {
  bundle: OpenBundle;
  publicKeyPem: string;
  target: Target;
}

/** Bytes of a key's or a values' file; both are far shorter. */
const longestFile = 2 * 1024 * 1024;

/**
 * @param progress told bytes read and bytes in all
 * @throws Failure if the bundle is not as the vendor signed it, the installer is not of its version, or the values do not fit
 */
export async function openTarget(
  path: string,
  options: BundleOptions,
  again: string,
  progress: (bytes: number, total: number) => void,
): Promise<Opened> {
  const publicKeyPem = await read(options.key, "the vendor's public key");
  const configKeyPem =
    options.configKey === undefined
      ? undefined
      : checkConfigKey(await read(options.configKey, "the key of who approves configuration"));
  const values = options.values === undefined ? "" : await read(options.values, "the values");
  const bundle = await openBundle(path, { publicKeyPem, base: options.base, progress, again });
  try {
    await named(path, again, () => requireSignedConfiguration(bundle, publicKeyPem, configKeyPem));
    const text = async (title: string) => (await bundle.file(title)).toString("utf8");
    const inputs = await readReleaseInputs(text, bundle.release.stack);
    requireSameManifests(renderRelease(inputs).objects, await text(files.manifests));
    const place = {
      ...(options.values !== undefined && { values: parseValues(values, options.values) }),
      ...(options.registry !== undefined && { registry: options.registry }),
    };
    const rendered = renderRelease(inputs, place);
    requireImages(bundle, rendered);
    return { bundle, publicKeyPem, target: targetOf(bundle, rendered, values) };
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

function targetOf({ release, indexDigest }: OpenBundle, rendered: RenderedRelease, values: string): Target {
  const { stack, environment, version, buildSha } = release;
  const { config, platformNamespace, objects, secrets, given, endpoints } = rendered;
  const { registry } = config.cluster;
  const about = { stack, environment, version, buildSha, indexDigest, registry, values: values && digestOf(values) };
  return { ...about, platformNamespace, objects, secrets, given, endpoints };
}

const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** What the objects name is what the bundle carries, and the vendor signed. */
function requireImages({ release }: OpenBundle, { images }: RenderedRelease): void {
  const carried = new Map(release.images.map(({ repository, digest }) => [repository, digest]));
  for (const [repository, reference] of images)
    if (!reference.endsWith(`@${carried.get(repository)}`))
      throw new Failure(
        `the objects of the release name ${reference}, and the bundle carries ${carried.get(repository) ?? "no image of that name"}`,
        "Ask the vendor for a whole bundle.",
      );
}

async function read(path: string, what: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > longestFile)
        throw new Failure(`${path}, ${what}, is larger than ${longestFile} bytes`, "");
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${path}, ${what}, cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}`,
      "Name a file that is there.",
    );
  }
}
