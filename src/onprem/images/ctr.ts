// Image phase: containerd's own client, run on the node, and what its failures mean.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { Failure } from "../../../toolchain/failure";
import { environmentPrefix } from "../secrets/demand";

/** How the client is run. */
export interface Ctr {
  /** Program and what comes before its own arguments, such as `["k3s", "ctr"]`; `["ctr"]`. */
  ctr?: readonly string[];
  /** containerd's socket; the client's own default. */
  address?: string;
  signal?: AbortSignal;
  /** Seconds without a byte to it or from it after which it is ended; default 1800: a layer of many GB is unpacked in silence. */
  silenceS?: number;
}

/** containerd keeps the images of Kubernetes apart from others. */
const NAMESPACE = "k8s.io";
const LONGEST_ERROR = 4096;
const SILENCE_S = 1800;

export interface CtrResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the client; never throws for what it does.
 * @param write what to send; if it fails the client is ended, and nothing counts as imported
 * @throws what `write` threw
 */
export function runCtr(
  { ctr = ["ctr"], address, signal, silenceS = SILENCE_S }: Ctr,
  args: readonly string[],
  write?: (input: NodeJS.WritableStream) => Promise<void>,
): Promise<CtrResult> {
  const [program = "ctr", ...before] = ctr;
  const all = [...before, ...(address ? ["--address", address] : []), "--namespace", NAMESPACE, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(program, all, { stdio: ["pipe", "pipe", "pipe"], signal, env: withoutSecrets(process.env) });
    const text = { stdout: "", stderr: "" };
    const stopWatching = whenSilent(child, silenceS, () => {
      text.stderr += `\nit was ended, as it had neither taken nor said anything for ${silenceS} s`;
      child.kill("SIGKILL");
    });
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text.stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      text.stderr = (text.stderr + chunk).slice(-LONGEST_ERROR);
    });
    let broken: unknown;
    const writing = write
      ? write(child.stdin).catch((error: NodeJS.ErrnoException) => {
          // A client that ended early says why itself.
          if (error.code === "EPIPE" || error.code === "ERR_STREAM_PREMATURE_CLOSE") return;
          broken = error;
          child.kill("SIGKILL");
        })
      : Promise.resolve(void child.stdin.end());
    child.stdin.on("error", () => undefined);
    child.once("error", error => {
      stopWatching();
      if (signal?.aborted) return reject(error);
      resolve({ code: 127, ...text, stderr: error.message });
    });
    child.once("close", async (code, ended) => {
      stopWatching();
      await writing;
      if (broken) reject(broken);
      else resolve({ code: code ?? (ended ? 137 : 1), ...text });
    });
  });
}

/** Values of supplied secrets are the installer's to know, and nobody's whom it starts (SA-8). */
function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith(environmentPrefix)));
}

/** @returns what ends the watch */
function whenSilent(child: ChildProcessWithoutNullStreams, seconds: number, act: () => void): () => void {
  let said = 0;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", () => said++);
  const moved = () => `${said} ${(child.stdin as Partial<Socket>).bytesWritten ?? 0}`;
  let last = moved();
  const watch = setInterval(() => {
    const now = moved();
    if (now === last) act();
    last = now;
  }, seconds * 1000);
  return () => clearInterval(watch);
}

/** The failure to report when the client ended with another code than 0. */
export function ctrFailure(what: string, code: number, stderr: string, { ctr = ["ctr"], address }: Ctr): Failure {
  const said = stderr.trim().split("\n").slice(-3).join("; ") || `it ended with ${code}`;
  const line = [...ctr, ...(address ? ["--address", address] : []), "--namespace", NAMESPACE, "images", "ls"].join(" ");
  if (code === 127)
    return new Failure(
      `${ctr[0]} cannot be run: ${said}`,
      "Run this on the node itself, where containerd's client is; name it if it is elsewhere: `--ctr 'k3s ctr'`.",
    );
  if (/no space left/i.test(said))
    return new Failure(
      `containerd cannot ${what}: the node's disk is full: ${said}`,
      "Make room below containerd's root (/var/lib/containerd), then run the same command again: whole images are not sent again.",
    );
  return new Failure(
    `containerd cannot ${what}: ${said}`,
    `See that containerd runs and that you may use it: \`${line}\`.`,
  );
}
