// What the installer asks: a signal ends the wait, and silence never deletes anything.
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Plan } from "../../../../src/onprem/install/plan";
import { jsonReport } from "../../../../src/onprem/install/report";
import { answers } from "../../../../src/onprem/installer/answers";
import { reading, readProgress } from "../../../../src/onprem/installer/read-progress";

let input: PassThrough;
beforeEach(() => {
  input = Object.assign(new PassThrough(), { isTTY: true });
  vi.spyOn(process, "stdin", "get").mockReturnValue(input as never);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const plan = (command: Plan["command"]): Plan => ({ command, title: "", notes: [], steps: [] });
const options = { timeout: 1, keep: 1 };

test("a signal ends a question that nobody answers", async () => {
  const ended = new AbortController();
  const asked = answers(options, () => ended.abort(), ended.signal);
  await expect(asked.agree(plan("install"))).rejects.toThrow("interrupted");
  asked.close();
});

test.each([
  ["install", "", true, "[Y/n]"],
  ["install", "n", false, "[Y/n]"],
  ["uninstall", "", false, "[y/N]"],
  ["uninstall", "yes", true, "[y/N]"],
] as const)("%s, answered `%s`: %s", async (command, answer, wanted, shown) => {
  let question = "";
  const asked = answers(
    options,
    text => {
      question = text;
      input.write(`${answer}\n`);
    },
    new AbortController().signal,
  );
  expect(await asked.agree(plan(command))).toBe(wanted);
  expect(question).toContain(shown);
  asked.close();
});

test("for machines, each line says of which form it is, and a question is not a note", () => {
  const lines: string[] = [];
  const report = jsonReport({ write: text => lines.push(text) });
  report.ask("Go on? [Y/n]");
  report.say("said");
  expect(lines.map(line => JSON.parse(line))).toEqual([
    { event: "question", schema: 1, text: "Go on? [Y/n]" },
    { event: "note", schema: 1, text: "said" },
  ]);
});

test("reading a bundle is shown, and leaves what is for programs alone", async () => {
  const lines: string[] = [];
  const out = { write: (text: string) => lines.push(text) };
  expect(await reading(out, new AbortController().signal, async () => 5)).toBe(5);
  expect(lines.join("")).toContain("✓ verify the bundle");
});

test("reading a bundle ends at its next piece once it is cancelled", () => {
  const ended = new AbortController();
  const told: string[] = [];
  const progress = readProgress(text => told.push(text), ended.signal);
  progress(5, 10);
  ended.abort();
  expect(() => progress(6, 10)).toThrow("interrupted");
  expect(told).toEqual(["50 %"]);
});
