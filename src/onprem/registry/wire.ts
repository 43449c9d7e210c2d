// Registry: one request and its answer. Nothing here waits for ever: not for a connection, not for an answer, not for the next byte.
import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { Failure } from "../../../toolchain/failure";

/** Bytes to send: in memory, or opened anew for each attempt, in pieces that are good until the next one is asked for. */
export type Body = Buffer | { size: number; open: () => AsyncIterable<Buffer> };

export interface Exchange {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: Body;
  agent: Agent;
  limits: Limits;
  signal?: AbortSignal;
}

/** How long is waited, in milliseconds. */
export interface Limits {
  /** For a connection, TLS included. */
  connectMs: number;
  /** For an answer, once all was sent. */
  answerMs: number;
  /** In which at least `SLOWEST_BYTES` must pass, either way, while bytes are owed. */
  idleMs: number;
}

/** What comes back: Node's message, or what stands in for it. */
export interface Incoming extends AsyncIterable<Buffer> {
  readonly statusCode?: number;
  readonly headers: IncomingHttpHeaders;
  /** Whether all of the body has come. */
  readonly complete: boolean;
  destroy(): void;
}

/** Fewer than these in `idleMs` count as none: a trickle would hold us for ever. */
export const SLOWEST_BYTES = 1024;

/** A connection that was refused, lost, or too slow: what may pass by itself. */
export class Cut extends Error {
  override readonly name = "Cut";
  constructor(
    message: string,
    /** Node's code of the error, if it had one. */
    readonly code?: string,
  ) {
    super(message);
  }
}

/** Connections that were made before: Node does not say so of one that a request waited for. */
const established = new WeakSet<Socket>();

/**
 * Sends a request and gives the answer as soon as its head is there. Its body is a stream that ends with an error when the
 * connection is cut, when it stands still, or when it is shorter than announced.
 * @throws Cut
 */
export function exchange({ url, method, headers, body, agent, limits, signal }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const size = body === undefined ? undefined : Buffer.isBuffer(body) ? body.length : body.size;
    const call = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
      method,
      agent,
      signal,
      headers: { ...headers, ...(size === undefined ? {} : { "content-length": String(size) }) },
    });
    let state: "connecting" | "sending" | "waiting" | "answering" = "connecting";
    let answer: IncomingMessage | undefined;
    let socket: Socket | undefined;
    let timer: NodeJS.Timeout;
    let passed = 0;
    const end = (why: string) => {
      const error = new Cut(why);
      answer?.destroy(error);
      call.destroy(error);
    };
    const wait = (ms: number, check: () => void) => {
      clearInterval(timer);
      timer = setInterval(check, ms);
    };
    const seconds = (ms: number) => `${ms / 1000} s`;
    const moved = () => (socket?.bytesRead ?? 0) + (socket?.bytesWritten ?? 0);
    const watchBytes = () => {
      passed = moved();
      wait(limits.idleMs, () => {
        // Bytes that lie here unread are our own delay, not the registry's.
        const ours = (answer?.readableLength ?? 0) > 0;
        if (!ours && moved() - passed < SLOWEST_BYTES) end(`hardly a byte passed in ${seconds(limits.idleMs)}`);
        passed = moved();
      });
    };
    const sent = () => {
      if (state !== "sending") return;
      state = "waiting";
      wait(limits.answerMs, () => end(`no answer in ${seconds(limits.answerMs)}`));
    };
    // The agent may first wait for one of its connections to be free, which is not the registry's delay.
    timer = setInterval(() => undefined, limits.connectMs);
    call.once("socket", given => {
      socket = given;
      const connected = () => {
        established.add(given);
        if (state !== "connecting") return;
        state = "sending";
        if (call.writableFinished) sent();
        else watchBytes();
      };
      if (established.has(given)) return connected();
      wait(limits.connectMs, () => end(`no connection in ${seconds(limits.connectMs)}`));
      given.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
    });
    call.once("finish", sent);
    call.once("close", () => clearInterval(timer));
    call.once("response", message => {
      state = "answering";
      answer = message;
      watchBytes();
      message.once("close", () => {
        clearInterval(timer);
        // Answered before all was sent: the rest is not wanted.
        if (!call.writableFinished) call.destroy();
      });
      resolve(message);
    });
    call.on("error", (error: NodeJS.ErrnoException) =>
      reject(isOwn(error) || signal?.aborted || isTrust(error) ? error : new Cut(reasonOf(error), error.code)),
    );
    if (body === undefined || Buffer.isBuffer(body)) call.end(body);
    else void sendAll(call, body.open());
  });
}

/** Whatever ends it ends the request too, and a request that is gone ends it. */
async function sendAll(call: ClientRequest, pieces: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const piece of pieces) await taken(call, piece);
    call.end();
  } catch (error) {
    call.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Until the system has the piece: its buffer is used again then. */
function taken(call: ClientRequest, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Cut("the connection was cut"));
    if (call.destroyed) return gone();
    call.once("close", gone);
    call.write(piece, error => {
      call.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Whether an answer with this status may become another one by itself. */
export function mayPass(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/** Whether a certificate was the reason: trying again would not help. */
export function isTrust(error: { code?: string }): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/.test(error.code ?? "");
}

/** Failures of what is sent, such as a file that was altered, are no fault of the connection. */
const isOwn = (error: Error) => error instanceof Cut || error instanceof Failure;

/** What an error of a connection means. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ENOTFOUND") return "its name does not resolve";
  if (error.code === "ECONNRESET") return "the connection was cut";
  return error.message || error.code || "no answer";
}
