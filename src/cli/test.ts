// CLI: `test`. The tools come first, so that no test spends its time limit on building them.
import { join } from "node:path";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

/** Runs vitest; its exit code is ours. `PALISADE_TEST_REPORT` names a file for the counts as JSON. */
export async function test(
  filters: readonly string[],
  options: { golden?: boolean; project?: string },
): Promise<number> {
  const onlyUnit = options.project === "unit";
  if (!onlyUnit) await ensureToolchain();
  const projects = options.golden ? ["preview"] : options.project ? [options.project] : [];
  const report = process.env.PALISADE_TEST_REPORT;
  const result = await run(
    process.execPath,
    [
      join(PROJECT_DIRECTORY, "node_modules", "vitest", "vitest.mjs"),
      "run",
      ...projects.flatMap(name => ["--project", name]),
      ...(options.golden ? ["--update"] : []),
      ...(report ? ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : []),
      ...filters,
    ],
    { cwd: PROJECT_DIRECTORY, inherit: true },
  );
  return result.code;
}
