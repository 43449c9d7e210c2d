// Tests: a registry after the OCI distribution specification, in memory, that can be told to misbehave. Real ones: test/toolchain/image-push.test.ts.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Behaviour {
  /** Lists referrers by itself. */
  referrers?: boolean;
  /** Lends blobs between repositories. */
  mounts?: boolean;
  /** Keeps what it got of an upload that was cut. */
  resumes?: boolean;
  /** Called before each request is served: a status and text to answer with, or "cut" after so many bytes of its body. */
  fault?: (request: {
    method: string;
    url: string;
    nth: number;
  }) => { status: number; text?: string } | { cut: number } | undefined;
}

export class PushRegistry {
  readonly blobs = new Map<string, Buffer>();
  /** repository → digests linked. */
  readonly links = new Map<string, Set<string>>();
  /** repository/reference → manifest. */
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly log: string[] = [];
  readonly #uploads = new Map<string, Buffer>();
  #server: Server | undefined;
  #next = 0;
  address = "";

  constructor(private readonly behaviour: Behaviour = {}) {}

  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>(resolve => this.#server?.listen(0, "127.0.0.1", resolve));
    this.address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  stop(): Promise<void> {
    return new Promise(resolve => {
      this.#server?.close(() => resolve());
      this.#server?.closeAllConnections();
    });
  }

  count(start: string): number {
    return this.log.filter(line => line.startsWith(start)).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const kind = `${method} ${url.replace(/\?.*/, "")}`;
    this.log.push(`${method} ${url}`);
    const fault = this.behaviour.fault?.({ method, url, nth: this.count(kind) });
    const upload = /\/blobs\/uploads\/(u\d+)/.exec(url)?.[1];
    if (fault && "status" in fault) {
      request.resume();
      await new Promise(resolve => request.once("end", resolve));
      response.writeHead(fault.status).end(fault.text ?? "");
      return;
    }
    const keep = upload !== undefined && (method === "PUT" || method === "PATCH");
    let body = Buffer.alloc(0);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      body = Buffer.concat([body, chunk]);
      if (fault && body.length >= fault.cut) {
        if (keep && this.behaviour.resumes)
          this.#uploads.set(
            upload,
            Buffer.concat([this.#uploads.get(upload) ?? Buffer.alloc(0), body.subarray(0, fault.cut)]),
          );
        else if (keep) this.#uploads.delete(upload);
        request.destroy();
        return;
      }
    }
    this.#answer(method, new URL(url, "http://x"), upload, body, request, response);
  }

  #answer(
    method: string,
    url: URL,
    upload: string | undefined,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): unknown {
    const end = (status: number, headers: Record<string, string | number> = {}, content?: Buffer) =>
      response.writeHead(status, headers).end(method === "HEAD" ? undefined : content);
    const path = url.pathname;
    const repository = /^\/v2\/(.+?)\/(blobs|manifests|referrers)\//.exec(path)?.[1] ?? "";
    const linked = this.links.get(repository) ?? new Set<string>();
    this.links.set(repository, linked);
    if (upload !== undefined) {
      const had = this.#uploads.get(upload);
      if (!had) return end(404);
      if (method === "DELETE") {
        this.#uploads.delete(upload);
        return end(204);
      }
      const location = path;
      if (method === "GET") return end(204, { location, range: `0-${Math.max(0, had.length - 1)}` });
      const whole = Buffer.concat([had, body]);
      const range = request.headers["content-range"];
      if (range && !range.startsWith(`${had.length}-`)) return end(416);
      if (method === "PATCH") {
        this.#uploads.set(upload, whole);
        return end(202, { location, range: `0-${whole.length - 1}` });
      }
      const digest = url.searchParams.get("digest") ?? "";
      if (digest !== sum(whole)) return end(400, {}, Buffer.from('{"errors":[{"code":"DIGEST_INVALID"}]}'));
      this.blobs.set(digest, whole);
      linked.add(digest);
      this.#uploads.delete(upload);
      return end(201);
    }
    if (method === "POST") {
      const mount = url.searchParams.get("mount") ?? "";
      const from = url.searchParams.get("from") ?? "";
      if (this.behaviour.mounts && this.links.get(from)?.has(mount)) {
        linked.add(mount);
        return end(201);
      }
      const id = `u${this.#next++}`;
      this.#uploads.set(id, Buffer.alloc(0));
      return end(202, { location: `/v2/${repository}/blobs/uploads/${id}?state=x` });
    }
    const reference = path.split("/").at(-1) ?? "";
    if (path.includes("/blobs/")) {
      const blob = linked.has(reference) ? this.blobs.get(reference) : undefined;
      return blob ? end(200, { "content-length": blob.length }, blob) : end(404);
    }
    if (path.includes("/referrers/")) {
      if (!this.behaviour.referrers) return end(404);
      const list = {
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: this.#referrers(repository, reference),
      };
      return end(200, { "content-type": list.mediaType }, Buffer.from(JSON.stringify(list)));
    }
    const key = `${repository}/${reference}`;
    if (method === "PUT") {
      const held = { type: request.headers["content-type"] ?? "", bytes: body };
      this.manifests.set(key, held);
      this.manifests.set(`${repository}/${sum(body)}`, held);
      const subject = JSON.parse(String(body)).subject?.digest;
      return end(201, this.behaviour.referrers && subject ? { "oci-subject": subject } : {});
    }
    const found = this.manifests.get(key);
    return found
      ? end(
          200,
          {
            "content-type": found.type,
            "docker-content-digest": sum(found.bytes),
            "content-length": found.bytes.length,
          },
          found.bytes,
        )
      : end(404);
  }

  #referrers(repository: string, subject: string): object[] {
    return [...this.manifests]
      .filter(
        ([key, { bytes }]) =>
          key.startsWith(`${repository}/sha256:`) && JSON.parse(String(bytes)).subject?.digest === subject,
      )
      .map(([, { type, bytes }]) => ({ mediaType: type, digest: sum(bytes), size: bytes.length }));
  }
}

export const sum = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
