// `palisade logs`: what it prints and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { check, schema } from "../../../src/cli/logs";
import { EXIT } from "../../../src/cli/main";
import { logRecord, logRecordJsonSchema } from "../../../src/workload/log-record";
import { keepPrinted } from "./printed";

const origin = { workload: "router", service: "poller", env: "prod", build_sha: "0".repeat(40) } as const;
const line = JSON.stringify(logRecord(origin, { event: "update.answered", correlation_id: "c-1", status: "ok" }));

const printed = keepPrinted();

const directory = mkdtempSync(join(tmpdir(), "palisade-logs-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): string {
  const path = join(directory, "log.jsonl");
  writeFileSync(path, text);
  return path;
}

test("a log without fault passes", async () => {
  expect(await check(file(`${line}\n${line}\n`), {})).toBe(EXIT.done);
  expect(printed).toEqual({ stdout: "2 records, no fault.\n", stderr: "" });
});

test("a fault is told with its line and field, and the command fails", async () => {
  const path = file(`${line}\n${JSON.stringify({ ...JSON.parse(line), event: "what was said" })}\n`);
  expect(await check(path, {})).toBe(EXIT.failed);
  expect(printed.stderr).toMatch(/^line 2, event: found text of 13 characters\n {4}allowed: .*\(RT-23\)\n$/);
  printed.stdout = "";
  expect(await check(path, { json: true })).toBe(EXIT.failed);
  expect(JSON.parse(printed.stdout)).toMatchObject({ records: 2, faults: [{ line: 2, field: "event" }] });
});

test("no record, or no file, is a failure and not a clean log", async () => {
  await expect(check(file("\n"), {})).rejects.toThrow("holds no record");
  await expect(check("/nowhere/log.jsonl", {})).rejects.toThrow("cannot read /nowhere/log.jsonl");
});

test("the schema is printed as JSON", async () => {
  expect(await schema()).toBe(EXIT.done);
  expect(JSON.parse(printed.stdout)).toEqual(logRecordJsonSchema());
});
