// Tests of the documentation: typing the commands of the pages, and keeping count of them.
import { expect } from "vitest";
import type { RunResult } from "../../toolchain/run";
import type { Clone } from "./clone";
import { allCommands, blocks, pattern, plain, transcripts } from "./markdown";

/** Commands of all pages. */
export const documented = allCommands();
/** Those that were typed so far. */
export const typed = new Set<string>();
/** Those whose transcript in the README was compared with what was printed. */
export const compared = new Set<string>();

export interface Typing {
  /** What stands in the place of what a reader would put in, in order. */
  put?: [string, string][];
  env?: NodeJS.ProcessEnv;
  /** What is typed at the prompt of the command. */
  input?: string;
  cwd?: string;
  /** What the test itself types after them. */
  last?: string;
}

/** Types commands of the pages, one after the other in one shell, until one fails. */
export async function type(clone: Clone, commands: readonly string[], { put = [], input, last, ...rest }: Typing = {}) {
  for (const command of commands) {
    if (!documented.includes(command)) throw new Error(`no page asks anybody to type \`${command}\``);
    typed.add(command);
  }
  const line = put.reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    [...commands, ...(last ? [last] : [])].join(" &&\n"),
  );
  const result = await clone.type(input === undefined ? line : `printf '%s' '${input}' | ${line}`, rest);
  return { ...result, stdout: plain(result.stdout) };
}

export function succeeded(result: RunResult): void {
  expect(result.code, result.stdout).toBe(0);
}

/** What the README shows is what was printed. */
export function shows(command: string, result: RunResult): void {
  compared.add(command);
  expect(result.stdout).toMatch(pattern(transcripts("README.md").get(command) ?? "nothing"));
}

/** The block without a language on a page, whose lines may go on: what somebody sees before looking there. */
export function symptom(page: string): RegExp {
  const text = blocks(page).find(block => block.language === "")?.text ?? "";
  const lines = pattern(text).source.slice(1, -1).replaceAll("[ \\t]*\\n", ".*\\n");
  return new RegExp(lines.replaceAll("4600", "\\d+"), "m");
}
