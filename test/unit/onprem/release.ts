// Tests: the example stack's release as it is rendered without values, made once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { catalog } from "../../../src/catalog/catalog";
import { releaseInputs } from "../../../src/onprem/render/inputs";
import { type RenderedRelease, renderRelease } from "../../../src/onprem/render/rendered-release";

let made: RenderedRelease | undefined;

export function exampleRelease(): RenderedRelease {
  if (made) return made;
  const file = parse(readFileSync(join(__dirname, "..", "..", "..", "Pulumi.onprem.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const config = Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.replace("palisade:", ""), value]),
  );
  made = renderRelease(releaseInputs(config as never, catalog, "onprem"));
  return made;
}
