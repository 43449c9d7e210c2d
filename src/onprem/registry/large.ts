// Registry: a large blob's bytes, straight from the socket into a few buffers that are used again and again. Node's own streams make a
// new buffer of each read, which costs hundreds of megabytes before any of it is collected, and half the rate.
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { Chunked } from "./chunked";
import { type Head, parseHead } from "./head";
import { Cut, type Incoming, isTrust, type Limits, reasonOf, SLOWEST_BYTES } from "./wire";

export interface LargeGet {
  url: URL;
  headers: Readonly<Record<string, string>>;
  ca?: string | Buffer;
  limits: Limits;
  signal?: AbortSignal;
  /** Buffers that nobody uses any more: taken from here, and put back once a body came to its end. */
  spare: Buffer[][];
}

const BUFFER = 512 * 1024;
/** One is used, two wait, one is filled. */
const BUFFERS = 4;
const MOST_WAITING = 2;

/**
 * Asks for a blob on a connection of its own. Each chunk of the body is good until the next one is asked for.
 * @returns undefined if the answer neither announces its bytes nor comes in chunks; then Node's client has to ask
 * @throws Cut
 */
export function getLarge({ url, headers, ca, limits, signal, spare }: LargeGet): Promise<Incoming | undefined> {
  signal?.throwIfAborted();
  // Shared, so that another thread can hash them where they lie.
  const buffers = spare.pop() ?? Array.from({ length: BUFFERS }, () => Buffer.from(new SharedArrayBuffer(BUFFER)));
  let filling = 0;
  let filled = 0;
  const waiting: Buffer[] = [];
  /** Bytes that have yet to be handed on; of a body in chunks this is known at its end. */
  let left = 0;
  let head: Head | undefined;
  let chunked: Chunked | undefined;
  let error: unknown;
  let wake: () => void = () => undefined;
  let settle: (found: Incoming | undefined) => void;
  let fail: (error: unknown) => void;
  const answered = new Promise<Incoming | undefined>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  const end = (why: unknown) => {
    error ??= why;
    clearInterval(timer);
    // What came before the end counts: the next connection goes on after it.
    if (head && filled > 0) hand();
    signal?.removeEventListener("abort", aborted);
    socket.destroy();
    fail(error);
    wake();
  };
  const aborted = () => end(signal?.reason);

  const onread: OnReadOpts = {
    buffer: () => (buffers[filling] as Buffer).subarray(filled),
    callback: count => {
      filled += count;
      const buffer = buffers[filling] as Buffer;
      if (!head) {
        const found = parseHead(buffer.subarray(0, filled));
        if (found === "more") return true;
        if (found === undefined) {
          settle(undefined);
          end(new Cut("its answer is of another form"));
          return false;
        }
        head = found;
        if (found.chunked) chunked = new Chunked();
        left = found.chunked ? Number.POSITIVE_INFINITY : Number(found.headers["content-length"]);
        buffer.copyWithin(0, found.length, filled);
        filled -= found.length;
        count = filled;
        watch();
        settle(incoming);
      }
      if (chunked) {
        const until = chunked.decode(buffer, filled - count, filled);
        filled = until ?? filled - count;
        if (until === undefined) return refuse();
        if (chunked.done) left = filled;
      }
      filled = Math.min(filled, left);
      if (left === 0) done();
      if (left > 0 && filled === Math.min(BUFFER, left)) hand();
      return left > 0 && waiting.length < MOST_WAITING;
    },
  };
  const secure = url.protocol === "https:";
  const port = Number(url.port) || (secure ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const place: ConnectionOptions & { host: string; port: number; onread: OnReadOpts } = { host, port, onread };
  // An address is no name that a certificate is chosen by.
  if (isIP(host) === 0) place.servername = host;
  if (ca) place.ca = ca;
  const socket: Socket = secure ? connectTls(place) : connectTcp({ host, port, onread });
  let timer = setInterval(() => end(new Cut(`no connection in ${limits.connectMs / 1000} s`)), limits.connectMs);
  socket.once(secure ? "secureConnect" : "connect", () => {
    clearInterval(timer);
    timer = setInterval(() => end(new Cut(`no answer in ${limits.answerMs / 1000} s`)), limits.answerMs);
    const lines = Object.entries({ host: url.host, ...headers, connection: "close" }).map(
      ([key, value]) => `${key}: ${value}\r\n`,
    );
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`);
  });
  socket.once("error", (found: NodeJS.ErrnoException) =>
    end(isTrust(found) ? found : new Cut(reasonOf(found), found.code)),
  );
  for (const event of ["end", "close"] as const)
    socket.once(event, () => {
      if (left > 0 || !head) end(new Cut("the connection was cut"));
    });
  signal?.addEventListener("abort", aborted, { once: true });

  /** What was filled waits for the reader, and the next buffer is filled. */
  function hand(): void {
    waiting.push((buffers[filling] as Buffer).subarray(0, filled));
    left -= filled;
    filling = (filling + 1) % BUFFERS;
    filled = 0;
    if (left === 0) clearInterval(timer);
    wake();
  }

  function done(): void {
    clearInterval(timer);
    wake();
  }

  function refuse(): false {
    end(new Cut("its chunks are of another form"));
    return false;
  }

  function watch(): void {
    clearInterval(timer);
    let before = socket.bytesRead;
    timer = setInterval(() => {
      // A buffer that waits here is our own delay.
      if (waiting.length === 0 && socket.bytesRead - before < SLOWEST_BYTES)
        end(new Cut(`hardly a byte passed in ${limits.idleMs / 1000} s`));
      before = socket.bytesRead;
    }, limits.idleMs);
  }

  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      while (left > 0 || waiting.length > 0) {
        const chunk = waiting.shift();
        if (chunk) {
          if (left > 0 && error === undefined) socket.resume();
          yield chunk;
        } else if (error !== undefined) throw error;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", aborted);
      socket.destroy();
      // Also when the reader knew the end before it came.
      if (waiting.length === 0 && filled === 0 && error === undefined) spare.push(buffers);
    }
  }

  const incoming: Incoming = {
    get statusCode() {
      return head?.status;
    },
    get headers() {
      return head?.headers ?? {};
    },
    get complete() {
      return left === 0;
    },
    destroy: () => end(new Cut("given up")),
    [Symbol.asyncIterator]: chunks,
  };
  return answered;
}
