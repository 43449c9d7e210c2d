// CLI: `npm start` and its undoing. The dev stack through the real engine and provider, in the local AWS.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { exclusively } from "../../toolchain/lock";
import { forwardInterrupts } from "../../toolchain/run";
import { sandboxDown, sandboxUp } from "../../toolchain/sandbox";
import { DEV_DIRECTORY, type LocalStack, openLocalStack, pulumi } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";
import { localGaps } from "../components/aws/local-gaps";
import { checkOrFail } from "./config";
import { localAwsEndpoint } from "./endpoint";
import { engineFailure } from "./engine-failure";
import { EXIT } from "./main";

const STACK = "dev";
/** Which local AWS the state speaks of. */
const KNOWN_INSTANCE = join(DEV_DIRECTORY, "local-aws-instance");

/** Tools, local AWS, then `pulumi up` of the dev stack; a second run changes nothing. */
export async function start(): Promise<number> {
  return alone(async () => {
    const stack = await open();
    await engine(stack, ["up", "--yes", "--skip-preview"]);
    const outputs = await pulumi(stack, ["stack", "output", "--json"]);
    process.stdout.write(farewell(JSON.parse(outputs.stdout) as Record<string, unknown>));
    return EXIT.done;
  });
}

/** Destroys the dev stack through the engine, then stops the local AWS. */
export async function down(): Promise<number> {
  return alone(async () => {
    await engine(await open(), ["destroy", "--yes", "--skip-preview"]);
    await sandboxDown(DEV_DIRECTORY);
    process.stdout.write("\nThe dev stack is destroyed and the local AWS stopped. `npm start` brings both back.\n");
    return EXIT.done;
  });
}

async function open(): Promise<LocalStack> {
  await checkOrFail(`Pulumi.${STACK}.yaml`);
  const tools = await ensureToolchain();
  const endpoint = await localAwsEndpoint();
  const { instance } = await sandboxUp(tools.localAws, DEV_DIRECTORY, endpoint);
  const stack = await openLocalStack({ name: STACK, directory: DEV_DIRECTORY, tools, localAws: endpoint });
  await forgetWithLocalAws(stack, instance);
  return stack;
}

/**
 * A local AWS that was started anew has lost everything the state remembers, so the state forgets it too. (A refresh would
 * find the same out, but for resources whose provider cannot say that they are gone.)
 */
async function forgetWithLocalAws(stack: LocalStack, instance: string): Promise<void> {
  const known = existsSync(KNOWN_INSTANCE) ? await readFile(KNOWN_INSTANCE, "utf8") : instance;
  if (known !== instance) {
    process.stderr.write("  – the local AWS was started anew and is empty: everything is made again\n");
    const forgotten = await pulumi(stack, ["state", "delete", "--all", "--force", "--yes"]);
    if (forgotten.code !== 0) throw engineFailure(stack, forgotten);
  }
  await writeFile(KNOWN_INSTANCE, instance);
}

async function engine(stack: LocalStack, args: readonly string[]): Promise<void> {
  const color = process.stdout.isTTY ? "always" : "never";
  const result = await pulumi(stack, [...args, "--color", color], { tee: true });
  if (result.code !== 0) throw engineFailure(stack, result);
}

/** Runs `work` after whatever other command of this checkout is at the stack. */
async function alone(work: () => Promise<number>): Promise<number> {
  forwardInterrupts();
  const waiting = () => process.stderr.write("  … another command is at the dev stack; waiting for it\n");
  return exclusively(`stack:${DEV_DIRECTORY}`, waiting, work);
}

function farewell(outputs: Record<string, unknown>): string {
  if (Object.keys(outputs).length === 0) throw new Failure("the dev stack has no outputs", "Run `npm start` again.");
  return `
The dev stack is up, in a local AWS on this machine.

  look       npx palisade sandbox status
             eval "$(npx palisade env)"
             pulumi stack --stack ${STACK}
  change     edit Pulumi.${STACK}.yaml, then npm start
  take down  npx palisade down

Switched off, because a local AWS cannot show it:
${localGaps.map(gap => `  ${gap.feature}: ${gap.reason}\n`).join("")}`;
}
