// Recipe: a stack as a release: its file checked, and rendered by `pulumi up` as it is now (PF-3, RT-13).
import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { Failure } from "../../../toolchain/failure";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { catalog } from "../../catalog/catalog";
import { renderFaults } from "../../config/faults";
import { readStackFile, stackFileName } from "../../config/file";
import { ownValues } from "../../config/raw";
import { renderedDirectory } from "../../platform/rendered-directory";
import { imagesOf } from "../render/images";
import { type ReleaseInputs, releaseInputs } from "../render/inputs";
import { requireRendered } from "../render/rendered-differs";
import { renderRelease } from "../render/rendered-release";
import { requireCommit } from "./release-origin";

export interface StackRelease {
  inputs: ReleaseInputs;
  /** Digest of each image, by repository. */
  images: ReadonlyMap<string, string>;
  /** Commit of the release. */
  buildSha: string;
}

/**
 * @param configFile the stack's file, where it is another than the project's own of that name
 * @throws Failure with every fault of the stack's file; or if it is not of a bundle, or has no commit
 */
export function stackRelease(stack: string, configFile?: string): StackRelease {
  const file = configFile ?? join(PROJECT_DIRECTORY, stackFileName(stack));
  const { raw, faults } = readStackFile(file);
  const next = `npx palisade config check --file ${configFile ?? basename(file)}`;
  if (faults.length > 0)
    throw new Failure(renderFaults(faults, { subject: "Nothing was made: the stack file", next }), "");
  const inputs = releaseInputs(ownValues(raw), catalog, stack);
  const { config } = renderRelease(inputs);
  const { buildSha } = config.release;
  requireCommit(buildSha, stack);
  return { inputs, images: imagesOf(config, inputs.workloads), buildSha };
}

/** @throws Failure if `pulumi up` rendered something else, or nothing, naming the command */
export async function requireStackRendered({ inputs }: StackRelease): Promise<void> {
  const directory = relative(process.cwd(), join(PROJECT_DIRECTORY, renderedDirectory(inputs.stack)));
  await requireRendered(directory, renderRelease(inputs).objects, inputs.stack);
}

/** Version of the platform: that of its package. */
export function platformVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PROJECT_DIRECTORY, "package.json"), "utf8")) as { version: string };
  return version;
}
