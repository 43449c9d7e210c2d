// Registry: the head of an answer of HTTP/1.1 (RFC 9112), read strictly: what can be taken in two ways is not taken at all. Pure.
import type { IncomingHttpHeaders } from "node:http";

const LONGEST_HEAD = 64 * 1024;
const STATUS = /^HTTP\/1\.[01] ([2-5]\d\d)(?: |$)/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/;

export interface Head {
  status: number;
  headers: IncomingHttpHeaders;
  /** Of the head, in bytes. */
  length: number;
  /** Whether the body comes in chunks. */
  chunked: boolean;
}

/**
 * @returns `more` if the end of the head is not there yet; undefined if the body is neither exactly as many bytes as one
 * `Content-Length` announces nor in chunks and nothing else, or the head is anything but plain
 */
export function parseHead(bytes: Buffer): Head | "more" | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length < LONGEST_HEAD ? "more" : undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = STATUS.exec(first)?.[1];
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    if (key === "content-length" && fields.has(key)) return undefined;
    fields.set(key, fields.has(key) ? `${fields.get(key)}, ${value}` : value);
  }
  const [size, encoding] = [fields.get("content-length"), fields.get("transfer-encoding")?.toLowerCase()];
  const chunked = encoding === "chunked" && size === undefined && first.startsWith("HTTP/1.1");
  const plain = encoding === undefined && /^\d{1,15}$/.test(size ?? "");
  if (status === undefined || !(plain || chunked)) return undefined;
  return { status: Number(status), headers: Object.fromEntries(fields), length: end + 4, chunked };
}
