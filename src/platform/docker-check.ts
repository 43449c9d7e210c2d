// Platform: is there a Docker daemon? Asked before anything is registered, and only by a stack that builds images (RT-3).
import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";

const TIMEOUT_MS = 10_000;

/**
 * @param builds places of the configuration that ask for a build, such as `palisade:workloads.sanctum.builds.backend`.
 * @throws RunError naming them and the way out, if there are some and no daemon answers.
 */
export function requireDocker(builds: readonly string[]): void {
  if (builds.length === 0) return;
  const asked = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: TIMEOUT_MS });
  if (asked.status === 0) return;
  const found = asked.error ? "no `docker` on PATH" : "a `docker` whose daemon does not answer";
  throw new pulumi.RunError(
    `Nothing was registered: ${builds.join(", ")} ask for a Docker daemon; found ${found}.\n` +
      "Start one, or give each image by digest under `images`, then: npx palisade config check",
  );
}
