// Toolchain: a stack kept on this machine. Its state, passphrase and salted configuration lie in one directory outside git.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { Failure } from "./failure";
import { type RunOptions, type RunResult, run } from "./run";
import { type Toolchain, toolchainEnv } from "./toolchain";

export const PROJECT_DIRECTORY = join(__dirname, "..");
/** What this checkout's own commands keep: state, passphrase, record of the local AWS. */
export const DEV_DIRECTORY = join(PROJECT_DIRECTORY, ".palisade");

export interface LocalStack {
  name: string;
  /** Holds state/, passphrase and config/. */
  directory: string;
  env: NodeJS.ProcessEnv;
  configFile: string;
  tools: Toolchain;
}

export interface LocalStackOptions {
  name: string;
  directory: string;
  tools: Toolchain;
  /** The stack configuration to start from; `Pulumi.<name>.yaml` of the project unless told. */
  source?: string;
  /** Overrides the address of the local AWS. */
  localAws?: string;
  /** Directory of the Pulumi project; the checkout unless told. */
  project?: string;
}

/** The environment that makes `pulumi`, typed by hand, work on the stacks kept in `directory`. */
export function handEnv(directory: string): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: `file://${join(directory, "state")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(directory, "passphrase"),
  };
}

/**
 * Makes the stack if it is not there, and takes over the present text of its configuration. The encryption salt, which
 * the engine would write into the committed file, is kept in a copy beside the state.
 */
export async function openLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { name, directory, tools, project = PROJECT_DIRECTORY } = options;
  await mkdir(join(directory, "state"), { recursive: true, mode: 0o700 });
  await mkdir(join(directory, "config"), { recursive: true });
  const passphrase = join(directory, "passphrase");
  if (!existsSync(passphrase)) {
    await writeFile(`${passphrase}.new`, randomBytes(32).toString("base64url"), { mode: 0o600 });
    await rename(`${passphrase}.new`, passphrase);
  }
  const { PULUMI_CONFIG_PASSPHRASE: _, ...base } = toolchainEnv(tools);
  const env = { ...base, ...handEnv(directory), ...(options.localAws ? { PALISADE_LOCAL_AWS: options.localAws } : {}) };
  const configFile = join(directory, "config", `Pulumi.${name}.yaml`);
  const source = await readFile(options.source ?? join(project, `Pulumi.${name}.yaml`), "utf8");
  const salt = (await saltOf(configFile)) ?? (await initialise(tools, name, project, env));
  const document = parseDocument(source);
  document.set("encryptionsalt", salt);
  await writeFile(`${configFile}.new`, document.toString());
  await rename(`${configFile}.new`, configFile);
  return { name, directory, env, configFile, tools };
}

/** Runs one engine command on the stack; `args` begins with the command, such as `["preview", "--diff"]`. */
export function pulumi(
  stack: LocalStack,
  args: readonly string[],
  options: RunOptions & { project?: string } = {},
): Promise<RunResult> {
  const [command = "", ...rest] = args;
  const { project = PROJECT_DIRECTORY, ...runOptions } = options;
  const config = CONFIG_COMMANDS.has(command) ? ["--config-file", stack.configFile] : [];
  return run(stack.tools.engine, [command, ...rest, "--stack", stack.name, ...config, "--non-interactive"], {
    cwd: project,
    ...runOptions,
    env: { ...stack.env, ...runOptions.env },
  });
}

const CONFIG_COMMANDS = new Set(["preview", "up", "destroy", "refresh"]);

/** Makes the stack from a throw-away copy of the project file, so that the engine writes its salt there. */
async function initialise(tools: Toolchain, name: string, project: string, env: NodeJS.ProcessEnv): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "palisade-stack-"));
  try {
    await copyFile(join(project, "Pulumi.yaml"), join(work, "Pulumi.yaml"));
    const made = await run(
      tools.engine,
      ["stack", "init", name, "--non-interactive", "--secrets-provider", "passphrase"],
      {
        cwd: work,
        env,
      },
    );
    const salt = (await saltOf(join(work, `Pulumi.${name}.yaml`))) ?? (await saltOfState(tools, name, work, env));
    if (!salt)
      throw new Failure(`stack \`${name}\` cannot be made: ${made.stderr.trim()}`, "Run `npx palisade doctor`.");
    return salt;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The salt of a stack that exists while its configuration was lost. */
async function saltOfState(
  tools: Toolchain,
  name: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const exported = await run(tools.engine, ["stack", "export", "--stack", name, "--non-interactive"], { cwd, env });
  if (exported.code !== 0) return undefined;
  const state = JSON.parse(exported.stdout) as {
    deployment?: { secrets_providers?: { state?: { salt?: string } } };
  };
  return state.deployment?.secrets_providers?.state?.salt;
}

async function saltOf(file: string): Promise<string | undefined> {
  if (!existsSync(file)) return undefined;
  const salt: unknown = parseDocument(await readFile(file, "utf8")).get("encryptionsalt");
  return typeof salt === "string" ? salt : undefined;
}
