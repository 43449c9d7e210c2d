// CLI: `config check|schema|diff`.
import { basename, join } from "node:path";
import { Failure } from "../../toolchain/failure";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { catalog } from "../catalog/catalog";
import { checkConfigFile, printSchema, stackFiles } from "../config/commands";
import { diffConfigs } from "../config/diff";
import { differencesFile } from "../config/differences";
import { EXIT } from "./main";

/** Checks one stack file, or all of the project. Fails if any has a fault. */
export async function check(options: { file?: string; json?: boolean }): Promise<number> {
  const files = options.file ? [options.file] : stackFiles(PROJECT_DIRECTORY);
  const results = files.map(file => ({ file: basename(file), ...checkConfigFile(file, catalog) }));
  if (options.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  else for (const { ok, message } of results) (ok ? process.stdout : process.stderr).write(`${message.trimEnd()}\n`);
  return results.every(result => result.ok) ? EXIT.done : EXIT.failed;
}

/** @throws Failure with every fault of a stack file of the project. */
export async function checkOrFail(file: string): Promise<void> {
  const { ok, message } = checkConfigFile(join(PROJECT_DIRECTORY, file), catalog);
  if (!ok) throw new Failure(message.trimEnd(), "");
}

/** Prints the JSON Schema of a stack file. */
export async function schema(): Promise<number> {
  process.stdout.write(printSchema());
  return EXIT.done;
}

/** Compares two stacks, by name. Fails if a key is missing, the drift is above what RT-16 allows, or a difference has no ticket. */
export async function diff(from: string, to: string, options: { json?: boolean }): Promise<number> {
  const file = (stack: string) => join(PROJECT_DIRECTORY, `Pulumi.${stack}.yaml`);
  const { message, ...result } = diffConfigs(file(from), file(to), join(PROJECT_DIRECTORY, differencesFile));
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${message.trimEnd()}\n`);
  return result.ok ? EXIT.done : EXIT.failed;
}
