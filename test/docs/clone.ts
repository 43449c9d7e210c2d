// Tests of the documentation: a copy of the project in which commands are typed as a reader would type them.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type RunResult, run } from "../../toolchain/run";
import { freePort, sandboxDown } from "../../toolchain/sandbox";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

export interface Clone {
  /** Beside the copy: for whatever a test needs besides it. */
  room: string;
  directory: string;
  env: NodeJS.ProcessEnv;
  /** Address of its local AWS, once that runs. */
  localAws: string;
  /** Runs a command line as a shell would; both outputs come as one. */
  type(command: string, options?: { env?: NodeJS.ProcessEnv; cwd?: string }): Promise<RunResult>;
  /** Stops its local AWS and removes it. */
  close(): Promise<void>;
}

/** Copies the project as git sees it, with the packages that are installed, and a port of its own for the local AWS. */
export async function openClone(): Promise<Clone> {
  const room = mkdtempSync(join(tmpdir(), "palisade-docs-"));
  const directory = join(room, "palisade");
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: PROJECT_DIRECTORY,
  });
  for (const file of listed.stdout.split("\0").filter(file => file && existsSync(join(PROJECT_DIRECTORY, file)))) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    copyFileSync(join(PROJECT_DIRECTORY, file), join(directory, file));
  }
  symlinkSync(join(PROJECT_DIRECTORY, "node_modules"), join(directory, "node_modules"));
  const localAws = `http://127.0.0.1:${await freePort()}`;
  const env = { ...withoutPulumi(process.env), PALISADE_LOCAL_AWS: localAws };
  return {
    room,
    directory,
    env,
    localAws,
    type: (command, options = {}) =>
      run("sh", ["-c", `{ ${command}\n} 2>&1`], {
        cwd: options.cwd ?? directory,
        env: { ...env, ...options.env },
      }),
    async close() {
      await sandboxDown(join(directory, ".palisade"));
      rmSync(room, { recursive: true });
    },
  };
}

/** What the shell of whoever runs the tests says about Pulumi is none of the clone's business. */
function withoutPulumi(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(PULUMI_|AWS_|VITEST)/.test(name)));
}
