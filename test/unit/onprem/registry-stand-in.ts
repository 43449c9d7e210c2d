// A registry in this process that serves blobs and manifests, and misbehaves as it is told.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Answers instead of the registry; false leaves the request to it. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export interface StandIn {
  address: string;
  /** Content by digest, in every repository. */
  content: Map<string, Buffer>;
  add(bytes: Buffer): string;
  /** Method, path and range of each request, in order. */
  requests: string[];
  /** Headers of each request, in order. */
  headers: IncomingMessage["headers"][];
  misbehave: Misbehaviour | undefined;
  /** Connections that are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function startStandIn(host = "127.0.0.1"): Promise<StandIn> {
  const content = new Map<string, Buffer>();
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server: Server = createServer((request, response) => {
    const range = request.headers.range;
    requests.push(`${request.method} ${request.url}${range ? ` ${range}` : ""}`);
    headers.push(request.headers);
    if (standIn.misbehave?.(request, response, requests.length)) return;
    const [, kind, digest = ""] = /^\/v2\/.+\/(blobs|manifests)\/(sha256:[0-9a-f]{64})$/.exec(request.url ?? "") ?? [];
    const bytes = content.get(digest);
    if (!kind || !bytes) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(
        JSON.stringify({
          errors: [{ code: kind === "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN", message: "unknown" }],
        }),
      );
      return;
    }
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": bytes.length - start,
      ...(start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : bytes.subarray(start));
  });
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const standIn: StandIn = {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    content,
    add: bytes => {
      const digest = digestOf(bytes);
      content.set(digest, bytes);
      return digest;
    },
    requests,
    headers,
    misbehave: undefined,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: () => {
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
  return standIn;
}

/** Sends `bytes` as if there were `announced`, then cuts the connection. */
export function cutAfter(response: ServerResponse, bytes: Buffer, announced: number, status = 200, more = {}): true {
  response.writeHead(status, { "content-length": announced, ...more });
  response.write(bytes, () => response.socket?.destroy());
  return true;
}
