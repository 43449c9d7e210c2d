// CLI: `logs schema|check`.
import { readFileSync } from "node:fs";
import { Failure } from "../../toolchain/failure";
import { checkLogLines, type LogFault } from "../workload/log-check";
import { logRecordJsonSchema } from "../workload/log-record";
import { EXIT } from "./main";

/** Prints the JSON Schema of a log record. */
export async function schema(): Promise<number> {
  process.stdout.write(`${JSON.stringify(logRecordJsonSchema(), undefined, 2)}\n`);
  return EXIT.done;
}

/** Holds each line of a file against the schema. Fails if one is no record, or there is none. */
export async function check(file: string, options: { json?: boolean }): Promise<number> {
  const { records, faults } = checkLogLines(read(file));
  if (options.json) process.stdout.write(`${JSON.stringify({ records, faults })}\n`);
  else if (faults.length > 0) process.stderr.write(`${faults.map(describe).join("\n")}\n`);
  else process.stdout.write(`${records} records, no fault.\n`);
  if (records === 0) throw new Failure(`${file} holds no record.`, "Give the file that the log was written to.");
  return faults.length === 0 ? EXIT.done : EXIT.failed;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${error instanceof Error ? error.message : error}`, "");
  }
}

function describe({ line, field, found, allowed }: LogFault): string {
  return `line ${line}${field && `, ${field}`}: found ${found}\n    allowed: ${allowed} (RT-23)`;
}
