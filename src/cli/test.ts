// CLI: `test`. The tools come first, so that no test spends its time limit on building them.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureClusterTools } from "../../toolchain/cluster/cluster";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

/** Beside each other, since tests of a local AWS or of a cluster wait for it most of their time. */
const LANES = [["unit", "preview", "sandbox"], ["toolchain", "docs"], ["cluster"]] as const;
/** What no cluster's programs are needed for: runs while they are built. */
const WITHOUT_CLUSTER: readonly string[] = ["unit", "preview", "sandbox"];

interface Counts {
  numPassedTests: number;
  numFailedTests: number;
}

/**
 * Runs vitest; 0 if all that ran passed. Without a filter or a project, the lanes run beside each other.
 * `PALISADE_TEST_REPORT` names a file for the counts as JSON.
 */
export async function test(
  filters: readonly string[],
  options: { golden?: boolean; project?: string },
): Promise<number> {
  if (options.project !== "unit") await ensureToolchain();
  const chosen = options.golden ? ["preview"] : options.project ? [options.project] : [];
  const lanes = chosen.length > 0 || filters.length > 0 ? [chosen] : LANES;
  const directory = await mkdtemp(join(tmpdir(), "palisade-test-"));
  try {
    const args = [...(options.golden ? ["--update"] : []), ...filters];
    const reports = lanes.map((_, i) => join(directory, `${i}.json`));
    // A lane whose tools cannot be built does not cut off the others.
    const ended = await Promise.allSettled(lanes.map((projects, i) => runLane(projects, args, reports[i] ?? "")));
    const codes = ended.map(end => {
      if (end.status === "rejected") throw end.reason;
      return end.value;
    });
    if (process.env.PALISADE_TEST_REPORT) await writeFile(process.env.PALISADE_TEST_REPORT, await sum(reports));
    return codes.find(code => code !== 0) ?? 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runLane(projects: readonly string[], args: readonly string[], report: string): Promise<number> {
  if (!projects.every(project => WITHOUT_CLUSTER.includes(project)) || projects.length === 0)
    await ensureClusterTools();
  return vitest(projects, args, report);
}

async function vitest(projects: readonly string[], args: readonly string[], report: string): Promise<number> {
  const program = join(PROJECT_DIRECTORY, "node_modules", "vitest", "vitest.mjs");
  const chosen = projects.flatMap(name => ["--project", name]);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await run(process.execPath, [program, "run", ...chosen, ...reporters, ...args], {
    cwd: PROJECT_DIRECTORY,
    inherit: true,
  });
  return code;
}

/** @throws Error if a lane has left no report: what it found is not known. */
async function sum(reports: readonly string[]): Promise<string> {
  const counts = await Promise.all(reports.map(async file => JSON.parse(await readFile(file, "utf8")) as Counts));
  const total = (of: keyof Counts) => counts.reduce((all, one) => all + one[of], 0);
  return JSON.stringify({ numPassedTests: total("numPassedTests"), numFailedTests: total("numFailedTests") });
}
