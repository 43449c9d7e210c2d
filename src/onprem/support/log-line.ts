// Support bundle: of a line of a log, what says when and what happened, and never what was said (SP-8, SP-15, RT-23). Pure.
import { severities, statuses } from "../../workload/log-record";
import { mark, type Redactor } from "./redactor";

/** What programs say of the troubles that support looks for. Nothing else of a sentence is kept: whoever wrote it may have quoted somebody. */
const phrases: readonly string[] = [
  ...[
    "address already in use",
    "port is already allocated",
    "permission denied",
    "operation not permitted",
    "out of memory",
    "cannot allocate memory",
  ],
  ...[
    "no space left on device",
    "disk quota exceeded",
    "read-only file system",
    "no such file or directory",
    "too many open files",
    "input/output error",
  ],
  ...[
    "connection refused",
    "connection reset",
    "no route to host",
    "network is unreachable",
    "no such host",
    "temporary failure in name resolution",
  ],
  ...[
    "timed out",
    "deadline exceeded",
    "tls handshake",
    "certificate has expired",
    "certificate is not yet valid",
    "unknown authority",
    "certificate required",
  ],
  ...[
    "self-signed certificate",
    "unable to verify",
    "password authentication failed",
    "too many connections",
    "the database system is starting up",
  ],
  ...[
    "database system is ready to accept connections",
    "database system is shut down",
    "database system was interrupted",
    "could not connect",
  ],
  ...[
    "duplicate key value violates unique constraint",
    "deadlock detected",
    "checksum mismatch",
    "invalid configuration",
    "segmentation fault",
  ],
  ...[
    "unhandled exception",
    "stack overflow",
    "panic",
    "traceback",
    "killed",
    "terminated",
    "too many requests",
    "unauthorized",
    "forbidden",
    "exec format error",
  ],
];

const level = new RegExp(
  `^(?:${[...severities, "warn", "info", "err", "fatal", "panic", "trace", "log", "crit", "emerg"].join("|")})$`,
  "i",
);
const time = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?$/;
const name = /^[a-z][a-z0-9_.-]{0,63}$/;
const id = /^[A-Za-z0-9][A-Za-z0-9_-]{7,63}$/;
const commit = /^[0-9a-f]{7,64}$/;

/** Fields whose texts are kept, each only in its own form. */
const texts: Readonly<Record<string, RegExp>> = {
  time,
  timestamp: time,
  ts: time,
  "@timestamp": time,
  severity: level,
  level,
  event: name,
  workload: name,
  service: name,
  status: new RegExp(`^(?:${statuses.join("|")})$`),
  correlation_id: id,
  request_id: id,
  trace_id: commit,
  span_id: commit,
  env: /^(?:dev|staging|prod)$/,
  build_sha: commit,
};
/** Fields whose numbers and flags are kept; attributes are namespaced, and hold those too. */
const numbers = /^(?:time|ts|level|severity|status|latency_ms|duration_ms|pid)$/;
const attribute = /^[a-z][a-z0-9_]{0,63}(?:\.[a-z0-9_]{1,64}){1,4}$/;
const mostAttributes = 32;
/** Numbers that long name people: chats, telephones, accounts. */
const mostDigits = 1e6;

/** The line as it goes into the bundle. */
export function safeLine(line: string, redact: Redactor): string {
  const record = recordOf(line);
  return redact(record ? JSON.stringify({ ...safeRecord(record), ...saysOf(line) }) : bare(line));
}

/** Phrases of the list that stand in it. */
function saysOf(line: string): { says?: string[] } {
  const text = line.slice(0, 16_384).toLowerCase();
  const says = phrases.filter(phrase => text.includes(phrase));
  return says.length > 0 ? { says } : {};
}

function recordOf(line: string): Record<string, unknown> | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    const found: unknown = JSON.parse(line);
    return typeof found === "object" && found !== null && !Array.isArray(found)
      ? (found as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function safeRecord(record: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let left = 0;
  for (const [key, value] of Object.entries(record)) {
    const form = Object.hasOwn(texts, key) ? texts[key] : undefined;
    if (form && typeof value === "string" && form.test(value)) kept[key] = value;
    else if (numbers.test(key) && isPlain(value, key)) kept[key] = value;
    else if (key === "attributes" && typeof value === "object" && value !== null) kept[key] = safeAttributes(value);
    else if (value !== null) left++;
  }
  return left > 0 ? { ...kept, left_out: left } : kept;
}

function safeAttributes(attributes: object): Record<string, unknown> {
  const plain = Object.entries(attributes).filter(([key, value]) => attribute.test(key) && isPlain(value, key));
  return Object.fromEntries(plain.slice(0, mostAttributes));
}

function isPlain(value: unknown, key: string): boolean {
  if (typeof value === "boolean") return true;
  if (typeof value !== "number") return false;
  // Times since 1970 are long too.
  return key === "time" || key === "ts" ? value > 1e9 && value < 1e19 : Math.abs(value) < mostDigits;
}

/** Time, level, known phrases and length. */
function bare(line: string): string {
  const words = line.slice(0, 200).split(/\s+/);
  const [first = "", second = ""] = words;
  const when = time.test(first) ? first : time.test(`${first} ${second}`) ? `${first} ${second}` : "";
  const how = words.map(word => word.replace(/[^A-Za-z]/g, "")).find(word => level.test(word)) ?? "";
  const { says = [] } = saysOf(line);
  return [when, how.toUpperCase(), says.join(", "), mark(`line of ${line.length} characters`)]
    .filter(Boolean)
    .join(" ");
}
