// Processes of reference services in tests: started, asked over TLS, told to stop, and never left behind.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:https";
import { expect } from "vitest";
import { referenceBinary } from "../../services/images";

export interface Process {
  child: ChildProcess;
  /** Everything on standard output. */
  output: () => string;
  /** Each whole line of it as JSON. */
  records: () => Record<string, unknown>[];
  errors: () => string;
  /** Exit code, once it has ended. */
  ended: Promise<number | null>;
}

const started: ChildProcess[] = [];

/** Ends whatever is still there; for `afterEach`. */
export async function endAll(): Promise<void> {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
}

/**
 * @param environment all that the process sees: nothing of this machine's own reaches it
 * @param calledAs the name it is started by
 */
export async function start(
  program: string,
  args: string[],
  environment: Record<string, string>,
  cwd?: string,
  calledAs = program,
): Promise<Process> {
  const child = spawn(await referenceBinary(program), args, { env: environment, cwd, argv0: calledAs });
  started.push(child);
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  return {
    child,
    output: () => text.stdout,
    records: () =>
      text.stdout
        .split("\n")
        .slice(0, -1)
        .map(line => JSON.parse(line) as Record<string, unknown>),
    errors: () => text.stderr,
    ended: once(child, "close").then(([code]) => code as number | null),
  };
}

/** Waits until a check passes. */
export const until = (check: () => boolean | Promise<boolean>, timeout = 15_000) =>
  expect.poll(async () => await check(), { timeout, interval: 50 }).toBe(true);

export interface Answer {
  status: number;
  body: string;
  json: () => Record<string, unknown>;
}

export interface Call {
  method?: string;
  body?: string | object;
  headers?: Record<string, string>;
  /** Client certificate, or TLS versions; the server's certificate is not checked. */
  tls?: object;
}

/** One HTTPS request on a connection of its own. */
export function ask(port: number, path: string, { method, body, headers, tls }: Call = {}): Promise<Answer> {
  const payload = typeof body === "object" ? JSON.stringify(body) : body;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: method ?? (payload === undefined ? "GET" : "POST"),
        agent: false,
        rejectUnauthorized: false,
        ...tls,
        headers: {
          ...(payload !== undefined && { "content-length": Buffer.byteLength(payload) }),
          ...(typeof body === "object" && { "content-type": "application/json" }),
          ...headers,
        },
      },
      async response => {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode ?? 0, body: text, json: () => JSON.parse(text) });
      },
    ).on("error", reject);
    sent.end(payload);
  });
}

/** Whether a path answers 200; false while nothing listens. */
export const healthy = (port: number, path: string, tls?: object) =>
  ask(port, path, { tls }).then(
    ({ status }) => status === 200,
    () => false,
  );
