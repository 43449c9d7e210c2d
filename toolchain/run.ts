// Toolchain: starting other programs. Output goes to a log file or comes back; an interrupt reaches the child and is waited for.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

export interface RunOptions {
  cwd?: string;
  /** Replaces the environment. */
  env?: NodeJS.ProcessEnv;
  /** File that gets everything the program prints, besides what is returned. */
  log?: string;
  /** Also shows everything on this process's own standard output and error. */
  tee?: boolean;
  /** Hands the terminal to the program: nothing is returned or logged. */
  inherit?: boolean;
  /** Ends the program with SIGKILL after this long. */
  timeoutMs?: number;
}

export interface RunResult {
  /** Exit code; 128 and the signal's number if it was ended by one; 127 if it could not be started. */
  code: number;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();

/** Runs a program to its end. Never throws for what the program does: look at `code`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const settings: SpawnOptions = {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: options.inherit ? "inherit" : ["ignore", "pipe", "pipe"],
  };
  return new Promise(resolve => {
    const child = spawn(command, args, settings);
    running.add(child);
    const log = options.log ? createWriteStream(options.log, { flags: "a" }) : undefined;
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
        text[stream] += chunk;
        log?.write(chunk);
        if (options.tee) process[stream].write(chunk);
      });
    const timer = options.timeoutMs ? setTimeout(() => child.kill("SIGKILL"), options.timeoutMs) : undefined;
    const end = (code: number) => {
      clearTimeout(timer);
      running.delete(child);
      log?.end();
      resolve({ code, ...text });
    };
    child.once("error", error => {
      text.stderr += `${error.message}\n`;
      end(127);
    });
    child.once("close", (code, signal) => end(code ?? 128 + (signal === "SIGKILL" ? 9 : signal === "SIGINT" ? 2 : 15)));
  });
}

/**
 * Passes SIGINT and SIGTERM on to the programs under way as SIGINT, and lets them finish: an engine that is killed leaves
 * its stack locked, one that is interrupted writes its checkpoint first.
 */
export function forwardInterrupts(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (running.size === 0) process.exit(130);
      // On a terminal Ctrl-C reaches the whole process group by itself.
      if (signal === "SIGTERM" || !process.stdin.isTTY) for (const child of running) child.kill("SIGINT");
    });
}
