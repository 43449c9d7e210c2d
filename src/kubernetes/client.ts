// Kubernetes: requests to the API server. Bounded retries of what may pass by itself; everything else comes back as it is.
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, Unreachable } from "./errors";
import { isObject, type JsonObject, numberAt } from "./json";
import type { Connection } from "./kubeconfig";

/** The right to change something, for whoever may lose it while a request waits its turn. */
export interface Permit {
  /** Waits until it is given. @throws what says why it never will be */
  asked(signal?: AbortSignal): Promise<void>;
  /** Whether it is given at this very moment. */
  isGiven(): boolean;
}

export interface ApiRequest {
  /** Whoever sends a POST or a PUT must bear that it may arrive twice. */
  method: "GET" | "PATCH" | "DELETE" | "POST" | "PUT";
  /** Path below the server's address. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: JsonObject;
  contentType?: string;
  signal?: AbortSignal;
  /** Tries in all where an answer may pass by itself; default 6. */
  attempts?: number;
  /** Asked before each try, and once more when its bytes are about to leave. */
  permit?: Permit;
}

/** What everything here needs of a cluster; tests stand in for it. */
export interface Api {
  server: string;
  namespace: string;
  send(request: ApiRequest): Promise<JsonObject>;
}

const REQUEST_TIMEOUT_MS = 30_000;
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** The server is not there at all: two more tries bridge a restart, and a preview need not wait longer to say so. */
const CONNECT_ATTEMPTS = 3;
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

interface Answer {
  status: number;
  retryAfterS: number;
  body: string;
}

/** Who asks, in the server's log, and what a reader may do about a cluster that is gone for good. */
export interface Caller {
  userAgent: string;
  ifGone?: string;
  /** Milliseconds for which a server that has answered before may be gone; by default only as long as the tries last. */
  patienceMs?: number;
}

export function connect(connection: Connection, caller: Caller): Api {
  const send = sender(connection, caller.userAgent);
  const { patienceMs = 0 } = caller;
  let hasAnswered = false;
  return {
    server: connection.server,
    namespace: connection.namespace,
    send: async request => {
      const attempts = request.attempts ?? ATTEMPTS;
      const began = performance.now();
      const isPatient = () => hasAnswered && request.attempts === undefined && performance.now() - began < patienceMs;
      for (let attempt = 1; ; attempt++) {
        await request.permit?.asked(request.signal);
        const result = await send(request).catch((error: NodeJS.ErrnoException) => error);
        if (request.signal?.aborted) throw new Error("cancelled");
        if (result instanceof Error) {
          if (
            (!isPatient() &&
              attempt >= (NEVER_SENT.has(result.code ?? "") ? Math.min(CONNECT_ATTEMPTS, attempts) : attempts)) ||
            isTrust(result)
          )
            throw new Unreachable(connection.server, reasonOf(result), caller.ifGone);
        } else {
          hasAnswered = true;
          const body = parse(result.body);
          if (result.status < 300) return body;
          const error = new ApiError(result.status, body, request.method, request.path);
          if (attempt >= attempts || !passes(error)) throw error;
        }
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
        const asked = result instanceof Error ? 0 : result.retryAfterS * 1000;
        await sleep(Math.min(Math.max(pause, asked), 2 * LONGEST_PAUSE_MS), undefined, { signal: request.signal });
      }
    },
  };
}

/** Everything sent here may be sent twice: reads, applies, deletes, and what its sender knows to bear it. */
function passes(error: ApiError): boolean {
  if ([429, 502, 503, 504].includes(error.status)) return true;
  return error.status === 500 && /etcdserver|leader changed|request timed out|connection re/i.test(error.message);
}

function isTrust(error: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(error.code ?? "");
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ENOTFOUND") return "its name does not resolve";
  return error.message || error.code || "no answer";
}

function sender(connection: Connection, userAgent: string): (request: ApiRequest) => Promise<Answer> {
  let options: Promise<RequestOptions> | undefined;
  return async request => {
    options ??= connection.options();
    const answer = await once(connection.server, await options, request, userAgent);
    if (answer.status !== 401) return answer;
    // Tokens of cloud providers last minutes, updates longer.
    options = connection.options();
    return once(connection.server, await options, request, userAgent);
  };
}

function once(server: string, options: RequestOptions, request: ApiRequest, userAgent: string): Promise<Answer> {
  const url = new URL(server + request.path);
  for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    ...options.headers,
    accept: "application/json",
    "user-agent": userAgent,
    ...(body === undefined ? {} : { "content-type": request.contentType, "content-length": Buffer.byteLength(body) }),
  };
  const open = url.protocol === "http:" ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const call = open(
      url,
      { ...options, headers, method: request.method, signal: request.signal, timeout: REQUEST_TIMEOUT_MS },
      response => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfterS: Number(response.headers["retry-after"]) || 0,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS / 1000} s`)));
    call.once("error", reject);
    const { permit } = request;
    if (!permit) call.end(body);
    else
      whenConnected(call, () => {
        if (permit.isGiven()) call.end(body);
        else call.destroy(new Error("the right to send it ended before it could be sent"));
      });
  });
}

/** Nothing of a request may lie in a socket that is still connecting: it would leave whenever that is done. */
function whenConnected(call: ClientRequest, go: () => void): void {
  call.once("socket", (socket: Socket & { secureConnecting?: boolean }) => {
    if (socket.secureConnecting) socket.once("secureConnect", go);
    else if (socket.connecting) socket.once("connect", go);
    else go();
  });
}

function parse(body: string): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value as JsonObject) ? (value as JsonObject) : {};
  } catch {
    return { message: body.slice(0, 300) };
  }
}

/** The generation the controller has seen against the one asked for. */
export function isObserved(object: JsonObject): boolean {
  return (numberAt(object, "status", "observedGeneration") ?? 0) >= (numberAt(object, "metadata", "generation") ?? 0);
}
