// Workload model: what a structured log record may hold. Every field is declared, and none takes free text (SP-6, SP-8, SP-15).
import { z } from "zod";

/** Field of a record on standard output that says which log it belongs to; without it a record is of the application log. */
export const kindField = "log_kind";

/** Names the platform itself gives to records. */
export const reservedFields: readonly string[] = [kindField, "log_group", "withheld", "missing"];

/** One of a declared set, such as a role. */
const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "a word without spaces, such as `WRITER`");

/**
 * `ratio`: 0 to 1. `timestamp`: UTC, as RFC 3339 has it. `digest`: 64 hexadecimal digits. `identifier`: at most 64
 * characters without spaces, such as the name of an event; too small for a sentence.
 */
const recordField = z.union([
  z.enum(["number", "ratio", "boolean", "timestamp", "digest", "identifier"]),
  z.strictObject({ oneOf: z.array(word).min(1).max(64) }),
]);
export type RecordField = z.infer<typeof recordField>;

export const recordFields = z.record(
  z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "a field name in lower case, such as `run_id`"),
  recordField,
);
export type RecordFields = z.infer<typeof recordFields>;

/** Whether a field can hold nothing but numbers and what its specification lists (SP-15). */
export function isStructural(field: RecordField): boolean {
  return typeof field === "object" || field === "number" || field === "ratio" || field === "boolean";
}

/** Schema of one field's value. */
export function valueSchema(field: RecordField): z.ZodType {
  if (typeof field === "object") return z.enum(field.oneOf);
  switch (field) {
    case "number":
      return z.number();
    case "ratio":
      return z.number().min(0).max(1);
    case "boolean":
      return z.boolean();
    case "timestamp":
      return z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
    case "digest":
      return z.string().regex(/^[0-9a-f]{64}$/);
    case "identifier":
      return z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);
  }
}

/** Schema of a whole record of one log: all declared fields, and no other. */
export function recordSchema(kind: string, fields: RecordFields) {
  const values = Object.entries(fields).map(([name, field]) => [name, valueSchema(field)] as const);
  return z.strictObject({ [kindField]: z.literal(kind), ...Object.fromEntries(values) });
}
