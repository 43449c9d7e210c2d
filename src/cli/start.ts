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
const SYNCED = join(DEV_DIRECTORY, "synced-with");

/** Tools, local AWS, then `pulumi up` of the dev stack; a second run changes nothing. */
export async function start(): Promise<number> {
  return alone(async () => {
    const { stack, instance } = await open();
    // A local AWS that was started anew has forgotten what the state remembers: look before updating.
    const stale = existsSync(SYNCED) && (await readFile(SYNCED, "utf8")) !== instance;
    await engine(stack, ["up", "--yes", "--skip-preview", ...(stale ? ["--refresh"] : [])]);
    await writeFile(SYNCED, instance);
    const outputs = await pulumi(stack, ["stack", "output", "--json"]);
    process.stdout.write(farewell(JSON.parse(outputs.stdout) as Record<string, unknown>));
    return EXIT.done;
  });
}

/** Destroys the dev stack through the engine, then stops the local AWS. */
export async function down(): Promise<number> {
  return alone(async () => {
    const { stack, instance } = await open();
    const stale = existsSync(SYNCED) && (await readFile(SYNCED, "utf8")) !== instance;
    await engine(stack, ["destroy", "--yes", "--skip-preview", ...(stale ? ["--refresh"] : [])]);
    await sandboxDown(DEV_DIRECTORY);
    process.stdout.write("\nThe dev stack is destroyed and the local AWS stopped. `npm start` brings both back.\n");
    return EXIT.done;
  });
}

async function open(): Promise<{ stack: LocalStack; instance: string }> {
  await checkOrFail(`Pulumi.${STACK}.yaml`);
  const tools = await ensureToolchain();
  const endpoint = await localAwsEndpoint();
  const sandbox = await sandboxUp(tools.localAws, DEV_DIRECTORY, endpoint);
  const stack = await openLocalStack({ name: STACK, directory: DEV_DIRECTORY, tools, localAws: endpoint });
  return { stack, instance: sandbox.instance };
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
