// Reference services: their programs and images, built once into the cache by what they are made of.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { go } from "../../toolchain/build";
import { sourceKey } from "../../toolchain/cache";
import { findGo } from "../../toolchain/find";
import { STRIPPED } from "../../toolchain/go-program";
import { imageToolSource, packImage } from "../../toolchain/images";
import { make } from "../../toolchain/make";
import { step } from "../../toolchain/progress";
import { type ReferenceRepository, referenceRepositories, referenceSpec } from "./specs";

/** One image in the cache. */
export interface ReferenceImage {
  /** OCI image layout with one manifest. */
  layout: string;
  /** `sha256:…` of the manifest. */
  digest: string;
}

const source = __dirname;

/** Builds all programs into a directory. The same source and the same Go make the same bytes, wherever they lie. */
export async function buildReferenceBinaries(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await go(source, ["build", ...STRIPPED, "-o", `${directory}/`, "./cmd/..."]);
}

/** Directory of everything: `bin/` with the programs, `layouts/` with the images. Cold: about two minutes on two cores. */
async function everything(): Promise<string> {
  const { version = "none" } = await findGo();
  const key = sourceKey(source, version, sourceKey(imageToolSource));
  return make(step, { name: "reference-services", key, title: "reference services: building" }, async directory => {
    await buildReferenceBinaries(join(directory, "bin"));
    await packAll(directory, join(directory, "bin"));
  });
}

const layoutIn = (directory: string, repository: ReferenceRepository) =>
  join(directory, "layouts", repository.replace("/", "-"));

/** Path of a built program, for tests that run it as a process. */
export async function referenceBinary(program: string): Promise<string> {
  return join(await everything(), "bin", program);
}

/** All images, by the repository that the catalogue names. */
export async function referenceImages(): Promise<Record<ReferenceRepository, ReferenceImage>> {
  return imagesIn(await everything());
}

/**
 * The same programs in images that trust another authority, for stand-ins of Telegram and A2A agents under their real names.
 * @param directory where they are packed: new or empty. Not the cache, since tests make a new authority every time
 * @param authority certificates in PEM that the images trust in place of the world's
 */
export async function trustingImages(
  directory: string,
  authority: string,
): Promise<Record<ReferenceRepository, ReferenceImage>> {
  await mkdir(directory, { recursive: true });
  await packAll(directory, join(await everything(), "bin"), authority);
  return imagesIn(directory);
}

async function packAll(directory: string, binaries: string, authority?: string): Promise<void> {
  const packed = await Promise.all(
    referenceRepositories.map(async repository => {
      const spec = referenceSpec(repository, binaries, authority);
      return [repository, (await packImage(spec, layoutIn(directory, repository))).digest] as const;
    }),
  );
  await writeFile(join(directory, "digests.json"), JSON.stringify(Object.fromEntries(packed)));
}

async function imagesIn(directory: string): Promise<Record<ReferenceRepository, ReferenceImage>> {
  const digests = JSON.parse(await readFile(join(directory, "digests.json"), "utf8")) as Record<
    ReferenceRepository,
    string
  >;
  const images = referenceRepositories.map(name => [
    name,
    { layout: layoutIn(directory, name), digest: digests[name] },
  ]);
  return Object.fromEntries(images) as Record<ReferenceRepository, ReferenceImage>;
}
