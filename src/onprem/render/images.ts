// Release: which images a release consists of, and under which reference a registry has each (RT-1, PF-3). Pure.

import { Failure } from "../../../toolchain/failure";
import type { SealedOnpremConfig } from "../../config/onprem-schema";
import type { Workload } from "../../workload/workload";

type Config = Pick<SealedOnpremConfig, "workloads" | "platformImages">;

/**
 * Digest of each image by its repository, in the order of the repositories. All that the stack names: what it does not use
 * now, values may ask for.
 * @throws Failure naming a repository that has two digests: a release has one image of a name.
 */
export function imagesOf(config: Config, workloads: ReadonlyMap<string, Workload>): ReadonlyMap<string, string> {
  const found = [
    ...Object.entries(config.platformImages).map(([name, digest]) => [`palisade/${name}`, digest] as const),
    ...Object.entries(config.workloads).flatMap(([name, { images }]) =>
      Object.entries(images).map(
        ([service, digest]) => [workloads.get(name)?.services[service]?.image.repository ?? service, digest] as const,
      ),
    ),
  ].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const images = new Map<string, string>();
  for (const [repository, digest] of found) {
    if (digest === undefined) continue;
    const other = images.get(repository);
    if (other !== undefined && other !== digest)
      throw new Failure(
        `image \`${repository}\` has two digests in the stack, ${other} and ${digest}; allowed is one`,
        "Give both services the same digest under `images`, then: npx palisade config check",
      );
    images.set(repository, digest);
  }
  return images;
}

/** By digest, so that no registry can give another image (RT-1). */
export function referencesIn(registry: string, images: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...images].map(([repository, digest]) => [repository, `${registry}/${repository}@${digest}`]));
}
