// Workload model: holds lines of a log against the schema of the log record (RT-23). Pure; it shows kinds, never values.
import type { z } from "zod";
import { logRecordSchema } from "./log-record";

export interface LogFault {
  /** Line of the log, from 1. */
  readonly line: number;
  /** Field, such as `attributes.http.route`; empty if the line as a whole is at fault. */
  readonly field: string;
  /** What kind of thing stands there. Never the value: what is wrong in a log may be content or a secret (PF-7). */
  readonly found: string;
  readonly allowed: string;
}

export interface LogCheck {
  /** Lines that hold something. */
  readonly records: number;
  readonly faults: readonly LogFault[];
}

/** Checks JSON lines; empty lines are passed over. */
export function checkLogLines(text: string): LogCheck {
  const lines = text.split(/\r?\n/).flatMap((content, i) => (content.trim() === "" ? [] : [{ line: i + 1, content }]));
  return { records: lines.length, faults: lines.flatMap(({ line, content }) => lineFaults(line, content)) };
}

function lineFaults(line: number, content: string): LogFault[] {
  let record: unknown;
  try {
    record = JSON.parse(content);
  } catch {
    return [{ line, field: "", found: "text that is no JSON", allowed: "one JSON object" }];
  }
  const result = logRecordSchema.safeParse(record);
  return result.success ? [] : result.error.issues.flatMap(issue => issueFaults(line, record, issue));
}

function issueFaults(line: number, record: unknown, issue: z.core.$ZodIssue): LogFault[] {
  const at = issue.path.map(String);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(key => ({
      line,
      field: [...at, key].join("."),
      found: "a field the record does not have",
      allowed: "the fields of the record; anything else under `attributes`, with a namespaced name",
    }));
  return [{ line, field: at.join("."), found: kindOf(valueAt(record, at)), allowed: allowedBy(issue) }];
}

function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.map(v => `\`${String(v)}\``).join(", ")}`;
  if (issue.code === "invalid_type") return issue.path.length === 0 ? "one JSON object" : typed(issue);
  // The message of an attribute's name or value stands with the schema that refused it.
  if (issue.code === "invalid_key") return issue.issues.map(i => i.message).join("; ");
  if (issue.code === "invalid_union")
    return issue.errors
      .flat()
      .map(i => i.message)
      .join("; ");
  return issue.message;
}

/** The type, and what the field is for: somebody who left it out may not know it. */
function typed({ expected, path }: z.core.$ZodIssueInvalidType): string {
  const field = Object.entries(logRecordSchema.shape).find(([name]) => name === path[0]);
  return [`a ${expected}`, field?.[1].description].filter(Boolean).join(". ");
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const step of path)
    at = typeof at === "object" && at !== null ? Object.getOwnPropertyDescriptor(at, step)?.value : undefined;
  return at;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : `a ${typeof value}`;
}
