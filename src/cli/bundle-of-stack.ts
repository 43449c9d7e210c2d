// CLI: `bundle` as it is typed: a stack's release, and its version from git where none is named (PF-3).
import { recipeOfStack } from "../onprem/recipe/recipe-of-stack";
import { taggedVersion } from "../onprem/recipe/release-origin";
import { stackRelease } from "../onprem/recipe/stack-release";
import { type BundleOptions, bundle } from "./bundle";

export interface StackBundleOptions extends Omit<BundleOptions, "releaseVersion"> {
  /** Unless given, the tag of the release's commit, such as v1.4.0. */
  releaseVersion?: string;
  /** File of the pipelines: how each image was built. */
  provenance?: string;
  /** The stack's file, where it is not the project's own. */
  configFile?: string;
}

/** Makes the bundle of a stack. */
export async function bundleOfStack(options: StackBundleOptions): Promise<number> {
  const { stack, provenance, configFile } = options;
  const releaseVersion = options.releaseVersion ?? (await taggedVersion(stackRelease(stack, configFile).buildSha));
  return bundle({ ...options, releaseVersion }, recipeOfStack(provenance, configFile));
}
