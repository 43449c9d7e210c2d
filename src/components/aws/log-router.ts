// AWS components: the log router of a task: AWS for Fluent Bit under FireLens, configured without an image of its own, keeping nothing on disk (SP-6, SP-14).
import type * as pulumi from "@pulumi/pulumi";
import { type LogRoutes, routeConfiguration, routeFiles, routesDirectory } from "./log-routes";
import type { Sidecar } from "./sidecar";

/** Variable that hands over each file of the configuration. */
const variables = { main: "LOG_ROUTES", parsers: "LOG_PARSERS", script: "LOG_SCRIPT" } as const;
const files = ["main", "parsers", "script"] as const;

/**
 * Writes the configuration where FireLens includes it from, in memory: on Fargate, FireLens takes it from a file of the
 * container only, and nobody but this shell has put one there.
 */
const start = [
  "set -eu",
  "umask 077",
  ...files.map(file => `printf '%s' "$${variables[file]}" > ${routesDirectory}/${routeFiles[file]}`),
  "exec /fluent-bit/bin/fluent-bit -c /fluent-bit/etc/fluent-bit.conf",
].join("\n");

/** What a task holds for its router. */
export const logRouterResources = { cpuMillicores: 100, memoryMiB: 128 };

/** @param image AWS for Fluent Bit, `repository@sha256:…`. */
export function logRouter(image: pulumi.Input<string>, routes: LogRoutes): Sidecar {
  const configuration = routeConfiguration(routes);
  return {
    name: "log-router",
    image,
    // Since October 2025 FireLens needs no root.
    user: 1000,
    entryPoint: ["/bin/sh", "-c"],
    command: [start],
    environment: Object.fromEntries(files.map(file => [variables[file], configuration[file]])),
    resources: logRouterResources,
    tmpfs: [{ path: routesDirectory, sizeMiB: 1 }],
    firelens: {
      options: {
        "enable-ecs-log-metadata": "false",
        "config-file-type": "file",
        "config-file-value": `${routesDirectory}/${routeFiles.main}`,
      },
    },
    processLogOptions: {
      // The real output is in the routes; without one here ECS refuses the other option.
      Name: "null",
      // Records the task holds in memory while the router cannot take them; beyond them they are lost.
      "log-driver-buffer-limit": "1048576",
    },
  };
}
