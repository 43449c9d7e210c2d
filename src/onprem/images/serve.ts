// Image phase: the registry that the bundle brings. Read-only, and straight out of the bundle's file: no copy is made of it (PF-3, SP-10).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../../toolchain/failure";
import { type Descriptor, mediaTypes } from "../format/descriptor";
import { Refusal } from "../format/refusal";
import { isLoopback } from "../registry/address";
import { between, Catalog, rangeOf } from "./catalog";
import { type PlannedImage, planImages } from "./plan";
import type { ImageSource } from "./source";

export interface ServeOptions {
  /** Address to listen on, without a port; 127.0.0.1. */
  host?: string;
  /** 0, which takes a free one. */
  port?: number;
  /** Certificate and key in PEM. Without them only loopback is served. */
  tls?: { cert: string | Buffer; key: string | Buffer };
  /** Path before the names of the bundle's repositories; none. */
  prefix?: string;
  /** Tag of an image besides its digest; none. */
  tag?: (image: PlannedImage) => string;
  /** Connections at once; those beyond are closed. 64. */
  connections?: number;
  /** Told each request and its status, for a log; nothing that a request carries but method and path. */
  onRequest?: (line: { method: string; path: string; status: number }) => void;
  /** Told what was found where the bundle is no longer what was verified. */
  onAltered?: (found: string) => void;
}

/** A registry that runs. */
export interface BundleRegistry {
  /** host:port, as references begin. */
  address: string;
  /**
   * Takes no more connections, and ends when those there are have had their answer.
   * @param graceMs milliseconds after which what is still under way is cut; 0
   */
  close(graceMs?: number): Promise<void>;
}

const CONNECTIONS = 64;
const IDLE_MS = 60_000;
const LONGEST_URL = 2048;

/**
 * Serves a bundle's images by the pull part of the OCI distribution specification: manifests, blobs with Range, referrers, tags.
 * @throws Failure if it would speak plain http with other machines or the address cannot be had
 */
export async function serveImages(source: ImageSource, options: ServeOptions = {}): Promise<BundleRegistry> {
  const { host = "127.0.0.1", port = 0, tls } = options;
  if (!tls && !isLoopback(host.includes(":") ? `[${host}]` : host))
    throw new Failure(
      `the bundle would be served on ${host} over plain http`,
      "Only loopback is. Add a certificate that the nodes trust, and its key: `--tls-cert FILE --tls-key FILE`.",
    );
  const images = await planImages(source);
  const catalog = new Catalog(images, options.prefix, options.tag);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    void reply(source, catalog, request, response)
      // A bundle that changed, or a reader that left: either way the answer ends short, which no client takes for whole.
      .catch((error: unknown) => {
        response.destroy();
        if (error instanceof Refusal) options.onAltered?.(error.found);
      })
      .finally(() =>
        options.onRequest?.({
          method: request.method ?? "",
          path: (request.url ?? "").slice(0, 300),
          status: response.statusCode,
        }),
      );
    // On its way out, a client's next request belongs to whoever comes after.
    response.once("close", () => {
      if (!server.listening) request.socket.end();
    });
  };
  const server = tls
    ? createTlsServer({ cert: tls.cert, key: tls.key, minVersion: "TLSv1.2", maxHeaderSize: 16_384 }, answer)
    : createServer({ maxHeaderSize: 16_384 }, answer);
  server.maxConnections = options.connections ?? CONNECTIONS;
  server.setTimeout(IDLE_MS);
  await listen(server, port, host);
  const taken = (server.address() as AddressInfo).port;
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${taken}`,
    close: (graceMs = 0) =>
      new Promise(resolve => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new Failure(
          `the bundle cannot be served on ${host}:${port}: ${error.code ?? error.message}`,
          "Name an address of this machine and a port that nothing else uses: `--listen HOST:PORT`.",
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}

async function reply(
  source: ImageSource,
  catalog: Catalog,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  response.setHeader("docker-distribution-api-version", "registry/2.0");
  const { method = "", url = "" } = request;
  if (method !== "GET" && method !== "HEAD") return refuse(response, 405, "UNSUPPORTED", { allow: "GET, HEAD" });
  if (url.length > LONGEST_URL || !URL.canParse(url, "http://localhost")) return refuse(response, 400, "UNSUPPORTED");
  const asked = catalog.asked(url);
  switch (asked.kind) {
    case "unknown":
      return refuse(response, 404, asked.code);
    case "root":
      return json(response, {});
    case "tags":
      return json(response, { name: asked.repository, tags: asked.tags });
    case "referrers": {
      const { manifests, filtered } = asked;
      const headers = filtered ? { "oci-filters-applied": "artifactType" } : {};
      return json(response, { schemaVersion: 2, mediaType: mediaTypes.index, manifests }, mediaTypes.index, headers);
    }
    case "manifest": {
      const { digest, mediaType, bytes } = asked.document;
      response.writeHead(200, { ...naming(digest), "content-type": mediaType, "content-length": bytes.length });
      response.end(bytes);
      return;
    }
    case "blob":
      return sendBlob(source, asked.descriptor, request, response);
  }
}

async function sendBlob(
  source: ImageSource,
  descriptor: Descriptor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { digest, size } = descriptor;
  const common = { ...naming(digest), "accept-ranges": "bytes", "content-type": "application/octet-stream" };
  const range = rangeOf(request.headers.range, size);
  if (range === "outside") return refuse(response, 416, "RANGE_INVALID", { "content-range": `bytes */${size}` });
  const { start, end } = range === "whole" ? { start: 0, end: size } : range;
  const partial = range === "whole" ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` };
  response.writeHead(range === "whole" ? 200 : 206, { ...common, ...partial, "content-length": end - start });
  if (request.method === "HEAD" || end === start) {
    response.end();
    return;
  }
  // From its first byte, whatever was asked for: only then is it held to its digest.
  await pipeline(source.stream(descriptor), between(start, end), response);
}

const naming = (digest: string) => ({ "docker-content-digest": digest, etag: `"${digest}"` });

function json(response: ServerResponse, value: unknown, type = "application/json", headers = {}): void {
  const text = JSON.stringify(value);
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  const text = JSON.stringify({ errors: [{ code, message: MESSAGES[code] ?? code.toLowerCase() }] });
  response.writeHead(status, { ...headers, "content-type": "application/json", "content-length": text.length });
  response.end(text);
}

const MESSAGES: Readonly<Record<string, string>> = {
  UNSUPPORTED: "this registry gives out the images of one bundle, and takes none",
  NAME_UNKNOWN: "no image of the bundle has this name",
};
