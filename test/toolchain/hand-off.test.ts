// The Python of the approvals (CP-11), run in the interpreter of the local AWS, which has boto3 and moto.
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkLogLines } from "../../src/workload/log-check";
import { run } from "../../toolchain/run";
import { ensureToolchain } from "../../toolchain/toolchain";

test("objects are handed to their approvers once each, and nothing is lost (CP-11, CP-12)", async () => {
  const { python } = (await ensureToolchain()).localAws;
  const { code, stdout, stderr } = await run(python, [join(__dirname, "lambda", "test_hand_off.py")], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  expect(stderr).toMatch(/^OK$/m);
  expect(code).toBe(0);
  // All they wrote in these tests, about failures too, is in records of the platform (RT-23).
  const { records, faults } = checkLogLines(stdout);
  expect(faults).toEqual([]);
  expect(records).toBeGreaterThan(10);
});
