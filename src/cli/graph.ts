// CLI: `graph`. What a stack would build, drawn from the engine's own graph of a preview into an empty state.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { step } from "../../toolchain/progress";
import { forwardInterrupts } from "../../toolchain/run";
import { freePort, sandboxDown, sandboxUp } from "../../toolchain/sandbox";
import { openLocalStack, PROJECT_DIRECTORY, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";
import { readStackFile, stackFileName } from "../config/file";
import { isTree } from "../config/paths";
import { checkOrFail } from "./config";
import { engineFailure } from "./engine-failure";
import type { EngineResource } from "./engine-resource";
import { EXIT } from "./main";
import { mermaid } from "./mermaid";
import { picture } from "./picture";

const START = "<!-- graph: refreshed by `npx palisade graph --write`; do not edit -->";
const END = "<!-- /graph -->";

export interface GraphOptions {
  stack: string;
  /** Draws this workload and what it touches; without it, each workload is one box. */
  workload?: string;
  write?: string;
  json?: boolean;
}

/**
 * Draws a stack as a Mermaid flow chart; prints it, or puts it between the marks of a Markdown file.
 * @throws Failure if the stack does not run the workload.
 */
export async function graph(options: GraphOptions): Promise<number> {
  await checkOrFail(`Pulumi.${options.stack}.yaml`);
  if (options.workload !== undefined) requireWorkload(options.stack, options.workload);
  const drawn = picture(await previewed(options.stack), options.workload);
  if (options.json) process.stdout.write(`${JSON.stringify(drawn)}\n`);
  else if (options.write) await writeInto(options.write, mermaid(drawn));
  else process.stdout.write(`${mermaid(drawn)}\n`);
  return EXIT.done;
}

/** @throws Failure naming the workloads that the stack runs. */
function requireWorkload(stack: string, name: string): void {
  const named = readStackFile(join(PROJECT_DIRECTORY, stackFileName(stack))).raw.get("palisade:workloads");
  const runs = Object.keys(isTree(named) ? named : {});
  if (runs.includes(name)) return;
  throw new Failure(
    `stack \`${stack}\` runs no workload \`${name}\`; it runs ${runs.join(", ")}`,
    `npx palisade graph --workload ${runs[0]} --stack ${stack}`,
  );
}

/** Resources that the engine would create, previewed against a local AWS that is gone afterwards. */
async function previewed(name: string): Promise<EngineResource[]> {
  forwardInterrupts();
  const tools = await ensureToolchain();
  const directory = await mkdtemp(join(tmpdir(), "palisade-graph-"));
  try {
    const { endpoint } = await sandboxUp(tools.localAws, directory, `http://127.0.0.1:${await freePort()}`);
    const stack = await openLocalStack({ name, directory, tools, localAws: endpoint });
    const looking = step(`preview of ${name}`);
    const result = await pulumi(stack, ["preview", "--json", "--suppress-progress"]);
    if (result.code !== 0) {
      looking.failed();
      process.stderr.write(result.stderr || result.stdout);
      throw engineFailure(stack, result);
    }
    looking.done();
    const { steps } = JSON.parse(result.stdout) as { steps: { newState?: EngineResource }[] };
    return steps.flatMap(({ newState }) => (newState ? [newState] : []));
  } finally {
    await sandboxDown(directory);
    await rm(directory, { recursive: true });
  }
}

/** @throws Failure if the file has no place for it. */
async function writeInto(file: string, chart: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "");
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start)
    throw new Failure(`${file} has no place for the picture`, `Put these two lines into it:\n${START}\n${END}`);
  const block = `${START}\n\`\`\`mermaid\n${chart}\n\`\`\`\n`;
  await writeFile(file, text.slice(0, start) + block + text.slice(end));
}
