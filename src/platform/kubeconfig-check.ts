// Platform: is there a kubeconfig? Asked before anything is registered.
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/**
 * @returns the absolute path; `~` is the user's home.
 * @throws RunError naming the file and the way out, if it cannot be read.
 */
export function requireKubeconfig(path: string | undefined): string {
  const absolute = path?.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(path ?? "");
  try {
    if (path) accessSync(absolute, constants.R_OK);
    if (path) return absolute;
  } catch {
    // Said below.
  }
  throw new pulumi.RunError(
    `Nothing was registered: ${path ? `the kubeconfig ${absolute} cannot be read` : "no kubeconfig is named"}.\n` +
      "Set the path: pulumi config set --path 'palisade:cluster.kubeconfig' FILE, or KUBECONFIG in the environment.\n" +
      "A cluster on this machine: npx palisade sandbox up --cluster",
  );
}
