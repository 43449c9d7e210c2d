// RT-23: what a log record must have, what it cannot carry, and that all the platform itself writes is one.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logOriginVariables } from "../../../src/components/aws/log-origin";
import { checkLogLines } from "../../../src/workload/log-check";
import {
  type LogEntry,
  logRecord,
  logRecordJsonSchema,
  logRecordSchema,
  mandatoryFields,
} from "../../../src/workload/log-record";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";

const origin = { workload: "router", service: "poller", env: "prod", build_sha: "0".repeat(40) } as const;
const entry: LogEntry = { event: "update.answered", correlation_id: "c-1", status: "ok" };
const time = new Date("2030-01-01T00:00:00.000Z");
const record = () => logRecord(origin, entry, time);
const faults = (value: unknown) => checkLogLines(JSON.stringify(value)).faults;

test("the builder fills in every mandatory field, with null where there is nothing", () => {
  expect(record()).toEqual({
    time: "2030-01-01T00:00:00.000Z",
    severity: "informational",
    ...origin,
    ...entry,
    chat_id_hash: null,
    persona_tag: null,
    latency_ms: null,
  });
  expect(logRecord(origin, { ...entry, status: "error" }).severity).toBe("error");
});

test("the fields of RT-23 are all mandatory", () => {
  const ofControl = "event correlation_id chat_id_hash persona_tag status latency_ms env build_sha".split(" ");
  expect(mandatoryFields).toEqual(expect.arrayContaining(ofControl));
  expect(logRecordJsonSchema().required).toEqual(mandatoryFields);
});

describe.each(mandatoryFields)("`%s`", field => {
  test("is missed when it is not there", () => {
    const { [field]: _, ...rest } = record() as Record<string, unknown>;
    expect(logRecordSchema.safeParse(rest).success).toBe(false);
    expect(faults(rest)).toMatchObject([{ line: 1, field, found: "nothing" }]);
  });

  test("takes null only if it can be missing in the world", () => {
    const nullable = ["chat_id_hash", "persona_tag", "latency_ms"].includes(field);
    expect(faults({ ...record(), [field]: null }).length === 0).toBe(nullable);
  });

  test("cannot carry a sentence", () => {
    expect(faults({ ...record(), [field]: "my password is hunter2" })).toMatchObject([{ field }]);
  });
});

describe("content", () => {
  test("a field of one's own is refused by name", () => {
    expect(faults({ ...record(), message: "hello" })).toMatchObject([{ field: "message" }]);
  });

  test.each(["text", "a2a", "telegram.text", "http.request.body", "gen_ai.prompt", "db.query", "A.b", "a..b"])(
    "attribute `%s` is refused",
    name => expect(faults({ ...record(), attributes: { [name]: "x" } })).toHaveLength(1),
  );

  test("identifiers, numbers and flags pass under namespaced names", () => {
    const attributes = { "a2a.classification": "fatal", "telegram.update_offset": 12, "retry.last": true };
    expect(faults({ ...record(), attributes })).toEqual([]);
  });

  test("whatever has white space in it stays out of every text, and out of the message about it", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom(" ", "\n", "\t", "\u00a0"), (a, b, space) => {
        const content = a + space + b;
        expect(() => logRecord(origin, { ...entry, correlation_id: content })).toThrow("`correlation_id`");
        expect(faults({ ...record(), attributes: { "x.y": content } })).toMatchObject([{ field: "attributes.x.y" }]);
      }),
    );
    const secret = "a secret of mine";
    expect(() => logRecord(origin, { ...entry, correlation_id: secret })).toThrow(/^(?!.*a secret of mine)/s);
    expect(JSON.stringify(faults({ ...record(), event: secret }))).not.toContain(secret);
  });
});

test("a check names the line, the field, what was found and what is allowed", () => {
  const text = `${JSON.stringify(record())}\n\nTraceback (most recent call last)\n${JSON.stringify({ ...record(), status: "fine" })}\n`;
  expect(checkLogLines(text)).toEqual({
    records: 3,
    faults: [
      { line: 3, field: "", found: "text that is no JSON", allowed: "one JSON object" },
      {
        line: 4,
        field: "status",
        found: "text of 4 characters",
        allowed: "one of `ok`, `error`, `refused`, `started`",
      },
    ],
  });
  expect(checkLogLines("[]").faults).toMatchObject([{ field: "", found: "a list", allowed: "one JSON object" }]);
});

test("the published JSON Schema is this schema", () => {
  const published = JSON.parse(readFileSync(join(PROJECT_DIRECTORY, "docs/log-record.schema.json"), "utf8"));
  expect(published).toEqual(logRecordJsonSchema());
});

describe("the platform's functions", () => {
  const directory = join(PROJECT_DIRECTORY, "src/components/aws/lambda");
  const variables = logOriginVariables({ ...origin, workload: "palisade", service: "f" });
  const python = (code: string, env: Record<string, string> = variables) =>
    execFileSync("python3", ["-c", code], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? "", PYTHONDONTWRITEBYTECODE: "1", ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  test("write records of the same schema", () => {
    const output = python(
      [
        "from log_record import emit",
        "emit('job.started', 'started', 'c-1')",
        "emit('job.failed', 'error', 'c-1', latency_ms=1.5, chat_id_hash='a' * 64, persona_tag='guide',",
        "     attributes={'job.attempt': 2, 'job.last': True, 'error.type': 'TimeoutError'})",
      ].join("\n"),
    );
    expect(checkLogLines(output)).toEqual({ records: 2, faults: [] });
    expect(
      output
        .split("\n")
        .slice(0, 2)
        .map(line => JSON.parse(line).severity),
    ).toEqual(["informational", "error"]);
  });

  test.each([
    ["event", "log_record('Hello there', 'ok', 'c')"],
    ["status", "log_record('a', 'fine', 'c')"],
    ["severity", "log_record('a', 'ok', 'c', severity='bad')"],
    ["correlation_id", "log_record('a', 'ok', 'c\\n')"],
    ["chat_id_hash", "log_record('a', 'ok', 'c', chat_id_hash='12345')"],
    ["persona_tag", "log_record('a', 'ok', 'c', persona_tag='The Guide')"],
    ["latency_ms", "log_record('a', 'ok', 'c', latency_ms=float('nan'))"],
    ["attributes.x.text", "log_record('a', 'ok', 'c', attributes={'x.text': 'y'})"],
    ["attributes.x.y", "log_record('a', 'ok', 'c', attributes={'x.y': 'what was said'})"],
  ])("refuse a faulty `%s`", (field, call) => {
    expect(() => python(`from log_record import log_record\n${call}`)).toThrow(`not a log record: \`${field}\``);
  });

  test.each(Object.keys(variables))("do not write without %s", name => {
    const { [name]: _, ...rest } = variables;
    expect(() => python("from log_record import emit\nemit('a', 'ok', 'c')", rest)).toThrow(name);
  });

  test("write in no other way", () => {
    const files = readdirSync(directory).filter(file => file.endsWith(".py") && file !== "log_record.py");
    const others = files.filter(file =>
      /\bprint\(|\blogging\b|sys\.std(out|err)/.test(readFileSync(join(directory, file), "utf8")),
    );
    expect(others).toEqual([]);
  });
});
