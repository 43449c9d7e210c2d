// Platform: the images a dev stack builds itself. The Docker package is loaded only by a stack that does.
import { createRequire } from "node:module";
import type { ImageBuilder } from "../components/aws/saas-workload-args";
import type { StackConfig } from "../config/load";
import { requireDocker } from "./docker-check";

type Builds = StackConfig["workloads"][string]["builds"];

/**
 * Asks for the daemon before anything is registered, for all workloads of the stack at once.
 * @throws RunError if there are builds and no daemon.
 */
export function requireDaemonFor(workloads: StackConfig["workloads"]): void {
  requireDocker(
    Object.entries(workloads).flatMap(([workload, { builds }]) =>
      Object.keys(builds).map(service => `palisade:workloads.${workload}.builds.${service}`),
    ),
  );
}

/** @param push false where the registry is none, as in a local AWS. */
export function imageBuilder(workload: string, builds: Builds, push: boolean): ImageBuilder | undefined {
  if (Object.keys(builds).length === 0) return undefined;
  const { ImageBuild } = createRequire(__filename)(
    "../components/aws/image-build",
  ) as typeof import("../components/aws/image-build");
  return (service, repositoryUrl, parent) => {
    const build = builds[service];
    return (
      build && new ImageBuild(`${workload}-${service}-image`, { ...build, repositoryUrl, push }, { parent }).digest
    );
  };
}
