// Toolchain: Zarf, which `bench:bundle` measures bundles against. Built from the Go module proxy.
import { join } from "node:path";
import { go } from "./build";
import { sourceKey } from "./cache";
import { STRIPPED } from "./go-program";
import { make, needGo } from "./make";
import { type Report, step } from "./progress";

/** As in its tool module, which a test holds. */
export const ZARF_VERSION = "0.60.0";

const module = join(__dirname, "go", "zarf");

/**
 * Path of zarf. Warm: only looks. Cold on two idle cores: about seven minutes.
 * @throws Failure if Go is missing or the build fails
 */
export async function ensureZarf(report: Report = step): Promise<string> {
  const making = { name: "zarf", key: sourceKey(module, ...STRIPPED), title: `zarf ${ZARF_VERSION}: building` };
  const directory = await make(report, making, async work => {
    await needGo(`build zarf ${ZARF_VERSION}`);
    await go(module, ["build", ...STRIPPED, "-o", join(work, "zarf"), "github.com/zarf-dev/zarf"]);
  });
  return join(directory, "zarf");
}
