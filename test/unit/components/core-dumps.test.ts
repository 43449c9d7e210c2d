// What starts a memory-only process is started here, as its container would.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { withoutCoreDumps } from "../../../src/components/aws/core-dumps";

function run(command: string[], path = process.env.PATH) {
  const [program = "", ...rest] = withoutCoreDumps(command);
  return execFileSync(program, rest, { env: { ...process.env, PATH: path }, encoding: "utf8" }).trim();
}

test.each([
  ["with prlimit", process.env.PATH],
  ["with a shell alone", "/nowhere"],
])("no process it starts can leave a core dump or change that, %s", (_, path) => {
  expect(run(["/bin/sh", "-c", "ulimit -Sc; ulimit -Hc"], path)).toBe("0\n0");
});

test("arguments arrive as they were, blanks and quotes included", () => {
  expect(run(["/bin/echo", "a b", `"c'$HOME`])).toBe(`a b "c'$HOME`);
});
