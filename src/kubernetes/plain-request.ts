// Kubernetes: one request whose answer is no object: text such as a log, and what the connection itself tells: the server's clock and certificate.

import { X509Certificate } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { TLSSocket } from "node:tls";
import type { Connection } from "./kubeconfig";

export interface PlainAnswer {
  status: number;
  /** At most as many bytes as were asked for, from the start. */
  text: string;
  /** Whether there was more. */
  isCut: boolean;
  /** The server's clock, to the second; undefined where it does not tell. */
  date: Date | undefined;
  /** Of the server's certificate; undefined without TLS. */
  validity: { from: Date; until: Date } | undefined;
}

/** Reads a path, with at most `limit` bytes of the answer. */
export type PlainReader = (
  path: string,
  query: Readonly<Record<string, string>>,
  limit: number,
) => Promise<PlainAnswer>;

const timeoutMs = 30_000;

/** No retries: whoever asks can do without. */
export function plainReader(connection: Connection, userAgent: string): PlainReader {
  return async (path, query, limit) => {
    const options = await connection.options();
    const url = new URL(connection.server + path);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const headers = { ...options.headers, "user-agent": userAgent };
    const open = url.protocol === "http:" ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const call = open(url, { ...options, headers, method: "GET", timeout: timeoutMs }, response => {
        const chunks: Buffer[] = [];
        let size = 0;
        const validity = validityOf(response);
        const done = (isCut: boolean) =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).subarray(0, limit).toString("utf8"),
            isCut,
            date: dateOf(response.headers.date),
            validity,
          });
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size <= limit) return;
          done(true);
          response.destroy();
        });
        response.once("error", reject);
        response.once("end", () => done(false));
      });
      call.once("timeout", () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      call.once("error", reject);
      call.end();
    });
  };
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function validityOf({ socket }: IncomingMessage): PlainAnswer["validity"] {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate instanceof X509Certificate
    ? { from: new Date(certificate.validFrom), until: new Date(certificate.validTo) }
    : undefined;
}
