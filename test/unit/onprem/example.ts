// Unit tests of the bundle: the inputs of a release, from the example of an on-prem stack.
import { join } from "node:path";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { Tree } from "../../../src/config/paths";
import { ownValues } from "../../../src/config/raw";
import { type ReleaseInputs, releaseInputs } from "../../../src/onprem/render/inputs";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";

/** What stands under `palisade:` in the example. */
export function exampleConfig(): Tree {
  return ownValues(readStackFile(join(PROJECT_DIRECTORY, "Pulumi.onprem.yaml")).raw);
}

export function exampleInputs(config: Tree = exampleConfig()): ReleaseInputs {
  return releaseInputs(config, catalog, "onprem");
}
