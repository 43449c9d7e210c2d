// Workload model: the log record (RT-23). One line of JSON per event, the same in both homes; it says what happened, never what was said.
import { z } from "zod";
import { dnsLabel } from "./names";

/** Severities of RFC 5424, most severe first. */
export const severities = [
  "emergency",
  "alert",
  "critical",
  "error",
  "warning",
  "notice",
  "informational",
  "debug",
] as const;

/** How the event ended. `refused`: a control said no, such as a rate limit; `started`: it has not ended yet. */
export const statuses = ["ok", "error", "refused", "started"] as const;

/** An identifier: no white space, no quotes, so no sentence and no content of a user fits in. */
const token = z
  .string()
  .regex(/^[A-Za-z0-9_.:/@+=-]{1,128}$/, "an identifier of at most 128 characters without white space");

/** Last parts of attribute names that would carry what users said. */
const contentNames = ["body", "content", "message", "payload", "prompt", "text", "transcript", "query", "stacktrace"];

/** Name of an attribute in OpenTelemetry's style: a namespace, a dot, a name. */
const attributeName = z
  .string()
  .regex(
    new RegExp(`^(?!.*\\.(${contentNames.join("|")})$)[a-z][a-z0-9_]*(\\.[a-z0-9_]+)+$`),
    `a namespaced name such as \`a2a.classification\`, not one of content (${contentNames.map(n => `\`….${n}\``).join(", ")})`,
  );

const commit = z.string().regex(/^[0-9a-f]{40}$/, "a git commit: 40 lower-case hexadecimal digits");

/**
 * Every field but `attributes` is there in every record. `null` in a field that may be null says that there is no such
 * thing, as at the start of a process; a field that is left out would not tell absence from a mistake.
 */
export const logRecordSchema = z
  .strictObject({
    time: z.iso
      .datetime({ precision: 3, error: "a time in UTC to the millisecond, such as `2030-01-01T00:00:00.000Z`" })
      .describe("When it happened, UTC, RFC 3339."),
    severity: z.enum(severities).describe("Severity by the names of RFC 5424."),
    workload: dnsLabel.describe("Workload it belongs to; `palisade` for the platform itself."),
    service: dnsLabel.describe("Service or helper that writes."),
    event: z
      .string()
      .regex(
        /^(?=.{1,64}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/,
        "a name of at most 64 characters, such as `rate_limit.hit`",
      )
      .describe("What happened: a name from a list the service keeps, never a sentence."),
    correlation_id: token.describe("Ties together all records of one request, or of one start of a process."),
    chat_id_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits (HMAC-SHA-256), or null")
      .nullable()
      .describe("Keyed hash of the chat's id; the id itself is never logged. Null outside a chat."),
    persona_tag: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "a lower-case tag of at most 64 characters, or null")
      .nullable()
      .describe("Persona that acts. Null where none does."),
    status: z.enum(statuses).describe("How it ended."),
    latency_ms: z.number().min(0).nullable().describe("Milliseconds it took. Null where nothing was timed."),
    env: z.enum(["dev", "staging", "prod"]).describe("Environment of the stack."),
    build_sha: commit.describe("Git commit of the image that writes."),
    attributes: z
      .record(attributeName, z.union([token, z.number(), z.boolean()]))
      .optional()
      .describe("Whatever else is known, under namespaced names: identifiers, numbers and flags, never content."),
  })
  .describe(
    "One log record (RT-23). Mandatory fields are present in every record; `null` says there is no such thing.",
  );
export type LogRecord = z.infer<typeof logRecordSchema>;

/** Fields that no record is without. */
export const mandatoryFields = Object.keys(logRecordSchema.shape).filter(name => name !== "attributes");

/** Who writes: the same in every record of one process. */
export type LogOrigin = Pick<LogRecord, "workload" | "service" | "env" | "build_sha">;

/** What one record says; what is left out is `null`, and the severity follows from the status. */
export type LogEntry = Pick<LogRecord, "event" | "correlation_id" | "status"> &
  Partial<Pick<LogRecord, "severity" | "chat_id_hash" | "persona_tag" | "latency_ms" | "attributes">>;

/**
 * A complete record, ready to be written with `JSON.stringify`.
 * @throws Error naming each field that the schema refuses. It shows no value: a faulty one may be content.
 */
export function logRecord(origin: LogOrigin, entry: LogEntry, time: Date = new Date()): LogRecord {
  const result = logRecordSchema.safeParse({
    time: time.toISOString(),
    severity: entry.status === "error" ? "error" : "informational",
    chat_id_hash: null,
    persona_tag: null,
    latency_ms: null,
    ...origin,
    ...entry,
  });
  if (result.success) return result.data;
  throw new Error(
    `not a log record: ${result.error.issues.map(i => `\`${i.path.join(".")}\`: ${i.message}`).join("; ")}`,
  );
}

/** The schema as JSON Schema (2020-12), for those who write records in another language. */
export function logRecordJsonSchema(): Record<string, unknown> {
  return { title: "Palisade log record", ...z.toJSONSchema(logRecordSchema, { target: "draft-2020-12" }) };
}
