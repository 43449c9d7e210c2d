// Toolchain: syft, which lists what an image holds, and cosign, which tests compare this project's signatures with. Built from the Go module proxy.
import { join } from "node:path";
import { buildPrograms, type GoPrograms, programsKey } from "./cluster/programs";
import { make, needGo } from "./make";
import { type Report, step } from "./progress";

/** Version of syft, as in its tool module: it decides what an SBOM says. */
export const SYFT_VERSION = "1.20.0";

const syft: GoPrograms = {
  module: "syft",
  title: `syft ${SYFT_VERSION}`,
  programs: { syft: "github.com/anchore/syft/cmd/syft" },
  ldflags: [`-X main.version=${SYFT_VERSION}`],
};

const cosign: GoPrograms = {
  module: "cosign",
  title: "cosign 3.1.3",
  programs: { cosign: "github.com/sigstore/cosign/v3/cmd/cosign" },
};

/**
 * Path of syft. Warm: only looks. Cold on two idle cores: about three minutes.
 * @throws Failure if Go is missing or the build fails
 */
export const ensureSyft = (report: Report = step) => ensure(syft, report);

/**
 * Path of cosign. Warm: only looks. Cold on two idle cores: about two minutes.
 * @throws Failure if Go is missing or the build fails
 */
export const ensureCosign = (report: Report = step) => ensure(cosign, report);

async function ensure(tool: GoPrograms, report: Report): Promise<string> {
  const making = { name: tool.module, key: programsKey(tool), title: `${tool.title}: building` };
  const directory = await make(report, making, async work => {
    await needGo(`build ${tool.title}`);
    await buildPrograms(tool, work);
  });
  return join(directory, tool.module);
}
