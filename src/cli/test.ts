// CLI: `test`. The tools come first, so that no test spends its time limit on building them.
import { join } from "node:path";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

/** Runs vitest; its exit code is ours. */
export async function test(
  filters: readonly string[],
  options: { golden?: boolean; project?: string },
): Promise<number> {
  const onlyUnit = options.project === "unit";
  if (!onlyUnit) await ensureToolchain();
  const projects = options.golden ? ["preview"] : options.project ? [options.project] : [];
  const result = await run(
    process.execPath,
    [
      join(PROJECT_DIRECTORY, "node_modules", "vitest", "vitest.mjs"),
      "run",
      ...projects.flatMap(name => ["--project", name]),
      ...(options.golden ? ["--update"] : []),
      ...filters,
    ],
    { cwd: PROJECT_DIRECTORY, inherit: true },
  );
  return result.code;
}
