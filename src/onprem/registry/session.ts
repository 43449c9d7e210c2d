// Registry: a session with one registry of the OCI distribution specification. It logs in as asked and bounds every retry.
// No credential leaves for another host, but for the one that the registry names to give tokens, and that over TLS alone (RT-9, SP-10, SP-12).
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../toolchain/failure";
import { parseRegistry, type RegistryAddress } from "./address";
import { said, whole } from "./answer";
import { addressOf, nameOf, refusalAdvice, repositoryPathOf, trustFailure } from "./asked";
import { parseChallenge } from "./challenge";
import { getLarge } from "./large";
import { createLogin, type Send } from "./login";
import { isRedirect, MOST_REDIRECTS, redirectTarget } from "./redirect";
import { type Body, Cut, exchange, type Incoming, type Limits, mayPass } from "./wire";

export interface SessionOptions {
  /** File in the format of Docker's config.json; unless given, Docker's own, if there is one. */
  authFile?: string;
  /** Certificates that are trusted, in PEM; unless given, Node's. */
  ca?: string | Buffer;
  /** Whether plain http may be spoken with a host that is not on loopback; false. */
  plainHttp?: boolean;
  /** Connections at once; 8. */
  connections?: number;
  /** How often a request is tried in all; 6. */
  attempts?: number;
  /** Pause after the first try, in milliseconds, doubled after each until 5 s; 200. */
  pauseMs?: number;
  /** 10 s for a connection, 120 s for an answer, 30 s without bytes. */
  limits?: Partial<Limits>;
}

export interface Ask {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Such as `sanctum/backend`, without the address's prefix. */
  repository: string;
  /** Path below the repository with its query, such as `manifests/sha256:…`; or `location`. */
  path?: string;
  /** What an answer's `Location` named: taken as from this registry, and credentials go to it only if it is. */
  location?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Body;
  /** What a token must allow; `pull`, or `pull,push` where the method writes. */
  actions?: "pull" | "pull,push";
  /** Further scope of the same token, such as `repository:OTHER:pull` for a mount. */
  alsoScope?: string;
  /** Status codes that are answers; every other one is a Failure. */
  expect: readonly number[];
  /** Tries in all; the session's. 1 for what may not be sent twice. */
  attempts?: number;
  /** Of the session's `limits`, for this one. */
  limits?: Partial<Limits>;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. Ends with an error when the connection is cut or stands still. */
  body: IncomingMessage;
}

export interface RegistrySession {
  readonly address: RegistryAddress;
  /** How a cut may be tried again: tries in all, and the pause after a try (from 1). For what outlives one request. */
  readonly attempts: number;
  pause(attempt: number, signal?: AbortSignal): Promise<void>;
  /** The path of a repository below the registry, with the address's prefix. */
  repositoryPath(repository: string): string;
  /** @throws Failure naming the request, what the registry said, and what to do */
  ask(ask: Ask): Promise<Answer>;
  /** The same, with the whole body, which may have `limit` bytes. A body that is cut is asked for again. */
  bytes(ask: Ask, limit: number): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>;
  /** The same for a blob of many megabytes: each chunk of its body is good until the next one is asked for. */
  large(ask: Ask): Promise<{ status: number; headers: IncomingHttpHeaders; body: Incoming }>;
  /** Closes the connections. */
  close(): void;
}

const LIMITS: Limits = { connectMs: 10_000, answerMs: 120_000, idleMs: 30_000 };
const LONGEST_PAUSE_MS = 5_000;
const LONGEST_ASKED_PAUSE_MS = 30_000;
/** A registry that is not there at all: a few tries bridge its restart. */
const CONNECT_ATTEMPTS = 4;
const NOT_THERE = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const LONGEST_ERROR = 64 * 1024;

/** Sends a request once; a Cut when it does not get through. */
type Sender<Message> = (url: URL, ask: Ask, authorization?: string) => Promise<Message>;

/** @throws Failure when the address may not be spoken with */
export function openRegistry(address: string, options: SessionOptions = {}): RegistrySession {
  const registry = parseRegistry(address, options.plainHttp);
  const agents = { keepAlive: true, maxSockets: options.connections ?? 8, scheduling: "lifo" } as const;
  const http = new HttpAgent(agents);
  const https = new HttpsAgent({ ...agents, ...(options.ca ? { ca: options.ca } : {}) });
  const attempts = options.attempts ?? 6;
  const spare: Buffer[][] = [];
  const repositoryPath = (repository: string) => repositoryPathOf(registry, repository);

  const send = (url: URL, ask: Parameters<Send>[1] | Ask, authorization?: string) =>
    exchange({
      url,
      method: ask.method,
      headers: { "user-agent": "palisade", ...ask.headers, ...(authorization ? { authorization } : {}) },
      body: ask.body,
      agent: url.protocol === "https:" ? https : http,
      limits: { ...LIMITS, ...options.limits, ...("limits" in ask ? ask.limits : {}) },
      ...("signal" in ask ? { signal: ask.signal } : {}),
    });
  const sendLarge: Sender<Incoming> = async (url, ask, authorization) => {
    const headers = { "user-agent": "palisade", ...ask.headers, ...(authorization ? { authorization } : {}) };
    const limits = { ...LIMITS, ...options.limits, ...ask.limits };
    const found = await getLarge({ url, headers, ca: options.ca, limits, signal: ask.signal, spare });
    return found ?? send(url, ask, authorization);
  };
  const login = createLogin(registry, options.authFile, send);

  /** One try: with what the registry asked for before, and once more with what it asks for now. */
  async function once<Message extends Incoming>(ask: Ask, url: URL, send: Sender<Message>): Promise<Message> {
    const reads = ask.method === "GET" || ask.method === "HEAD";
    const actions = ask.actions ?? (reads ? "pull" : "pull,push");
    const scope = `repository:${repositoryPath(ask.repository)}:${actions}${ask.alsoScope ? ` ${ask.alsoScope}` : ""}`;
    const first = url.origin === registry.origin ? await login.authorization(scope) : undefined;
    let answer = await send(url, ask, first);
    const challenge =
      answer.statusCode === 401 && url.origin === registry.origin && parseChallenge(answer.headers["www-authenticate"]);
    if (challenge) {
      await whole(answer, LONGEST_ERROR);
      answer = await send(url, ask, await login.answer(challenge, scope, first));
    }
    let at = url;
    for (let hops = 1; reads && isRedirect(answer); hops++) {
      await whole(answer, LONGEST_ERROR);
      const next = hops <= MOST_REDIRECTS ? redirectTarget(answer.headers.location, at) : undefined;
      if (!next)
        throw new Failure(
          `registry ${registry.host} redirects ${ask.method} ${nameOf(ask)} ${hops > MOST_REDIRECTS ? "on and on" : "to where it may not"}`,
          `Only redirects to https are followed, at most ${MOST_REDIRECTS}. Have the settings of the registry's storage mended.`,
        );
      at = next;
      answer = await send(at, ask, at.origin === registry.origin ? await login.authorization(scope) : undefined);
    }
    return answer;
  }

  async function tried<Message extends Incoming, T>(
    request: Ask,
    send: Sender<Message>,
    use: (answer: { status: number; headers: IncomingHttpHeaders; body: Message }) => Promise<T>,
  ): Promise<T> {
    const url = addressOf(registry, request);
    const what = `registry ${registry.host}: ${request.method} ${nameOf(request)}`;
    let most = request.attempts ?? attempts;
    for (let tries = 1; ; tries++) {
      let leastMs = 0;
      let why: string;
      try {
        const answer = await once(request, url, send);
        const status = answer.statusCode ?? 0;
        if (request.expect.includes(status)) return await use({ status, headers: answer.headers, body: answer });
        why = `it answered ${status}${said(await whole(answer, LONGEST_ERROR))}`;
        if (!mayPass(status)) throw new Failure(`${what}: ${why}`, refusalAdvice(registry, status, request));
        leastMs = Math.min((Number(answer.headers["retry-after"]) || 0) * 1000, LONGEST_ASKED_PAUSE_MS);
      } catch (error) {
        if (!(error instanceof Cut)) throw trustFailure(registry, error);
        if (NOT_THERE.has(error.code ?? "")) most = Math.min(most, CONNECT_ATTEMPTS);
        why = error.message;
      }
      if (tries >= most)
        throw new Failure(
          `${what}: ${why}${tries > 1 ? ` (tried ${tries} times)` : ""}`,
          "See that the registry runs, has room and can be reached from here; then run the same command again.",
        );
      await pause(tries, request.signal, leastMs);
    }
  }

  async function pause(tries: number, signal?: AbortSignal, leastMs = 0): Promise<void> {
    const longest = Math.min((options.pauseMs ?? 200) * 2 ** (tries - 1), LONGEST_PAUSE_MS);
    // Spread, so that requests that failed together do not come back together.
    await sleep(Math.max(longest * (0.5 + Math.random() / 2), leastMs), undefined, { signal });
  }

  return {
    address: registry,
    attempts,
    pause: (tries, signal) => pause(tries, signal),
    repositoryPath,
    ask: request => tried(request, send, async answer => answer),
    large: request => tried(request, sendLarge, async answer => answer),
    bytes: (request, limit) =>
      tried(request, send, async ({ status, headers, body }) => ({ status, headers, body: await whole(body, limit) })),
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}
