// Images for tests: programs of others that cannot be pulled everywhere, packed from Debian's packages, Go modules and Maven artifacts.
// docs/platform-images.md says for each which image it stands in for.
import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, sourceKey } from "../../toolchain/cache";
import { unpackDebian } from "../../toolchain/debian";
import { goProgram } from "../../toolchain/go-program";
import { type ImageSpec, packImage } from "../../toolchain/images";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { collectorImage } from "./collector/image";
import { controllerImage } from "./controller/image";
import { egressProxyImage } from "./egress-proxy/image";
import { objectStoreImage } from "./object-store/image";
import { postgresImage, postgresPackages } from "./postgres/image";
import { fetchQueue, queueImage, queuePackages } from "./queue/image";
import { queueFrontImage, queueFrontPackages } from "./queue-front/image";

/** An image on this machine: its OCI layout, and the digest of its manifest. */
export interface LocalImage {
  layout: string;
  digest: string;
}

interface Recipe {
  /** Directories whose content decides what the image is. */
  sources: readonly [string, ...string[]];
  /** Makes what goes into the image in `work`, a directory of its own, and says how it is packed. */
  make: (work: string) => Promise<ImageSpec>;
}

const here = (name: string) => join(__dirname, name);
const product = (name: string) => join(PROJECT_DIRECTORY, "images", name);

const recipes = {
  postgres: {
    sources: [here("postgres")],
    make: async work => {
      const root = join(work, "root");
      await writeFile(join(work, "packages.json"), JSON.stringify(await unpackDebian(postgresPackages, root)));
      return postgresImage(root);
    },
  },
  collector: { sources: [here("collector")], make: packing(here("collector"), "otelcol-contrib", collectorImage) },
  "egress-proxy": {
    sources: [here("egress-proxy"), product("egress-proxy")],
    make: packing(product("egress-proxy"), "egress-proxy", egressProxyImage),
  },
  "object-store": {
    sources: [here("object-store")],
    make: async () => {
      const module = here("object-store");
      const main = "github.com/versity/versitygw/cmd/versitygw";
      const gateway = await goProgram({ name: "versitygw", module, main });
      return objectStoreImage({
        gateway,
        setup: await goProgram({ name: "object-store-setup", module, main: "./setup" }),
      });
    },
  },
  queue: {
    sources: [here("queue")],
    make: async work => {
      const [root, jars] = [join(work, "root"), join(work, "jars")];
      await unpackDebian(queuePackages, root);
      await fetchQueue(jars);
      return queueImage(root, jars);
    },
  },
  "queue-front": {
    sources: [here("queue-front")],
    make: async work => {
      const root = join(work, "root");
      await unpackDebian(queueFrontPackages, root);
      return queueFrontImage(root);
    },
  },
  "workload-guard": {
    sources: [here("controller"), product("workload-guard")],
    make: packing(product("workload-guard"), "workload-guard", controllerImage("workload-guard", 8080)),
  },
  "approval-gate": {
    sources: [here("controller"), product("approval-gate")],
    make: packing(product("approval-gate"), "approval-gate", controllerImage("approval-gate", 8443)),
  },
} satisfies Record<string, Recipe>;

export type ThirdPartyImage = keyof typeof recipes;

/** A recipe's step: packs the program of a Go module as `image` says. */
function packing(module: string, name: string, image: (binary: string) => ImageSpec) {
  return async (): Promise<ImageSpec> => image(await goProgram({ name, module }));
}

/**
 * Makes the images, or finds them in the cache under the checksum of what they are made from.
 * @param names those that are wanted; all
 * @throws Failure if a registry cannot be reached or a build fails; nothing half-made is kept
 */
export async function thirdPartyImages<Name extends ThirdPartyImage>(
  names: readonly Name[] = Object.keys(recipes) as Name[],
): Promise<Record<Name, LocalImage>> {
  const made = {} as Record<Name, LocalImage>;
  // One after the other: each uses all the processors there are.
  for (const name of names) made[name] = await make(name, recipes[name]);
  return made;
}

async function make(name: string, { sources, make }: Recipe): Promise<LocalImage> {
  const [first] = sources;
  const keys = [...sources, join(PROJECT_DIRECTORY, "toolchain", "go", "images")].map(source => sourceKey(source));
  const debian = readFileSync(join(PROJECT_DIRECTORY, "toolchain", "debian.ts"), "utf8");
  const directory = await cached(`image-${name}`, sourceKey(first, debian, ...keys), waiting, async final => {
    const work = join(final, "work");
    await mkdir(work);
    const { digest } = await packImage(await make(work), join(final, "layout"));
    await writeFile(join(final, "digest"), digest);
    await rm(work, { recursive: true });
  });
  return { layout: join(directory, "layout"), digest: (await readFile(join(directory, "digest"), "utf8")).trim() };
}

const waiting = () => process.stderr.write("  … another palisade is making an image; waiting for it\n");
