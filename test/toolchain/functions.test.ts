// The platform's Lambda functions and the contract of the lease, in Python as Lambda runs it, against the local AWS API's own backends.
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../toolchain/run";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";
import { ensureToolchain } from "../../toolchain/toolchain";

test.each(["test_capacity_ladder", "test_restart_brake", "test_lease"])("%s", async module => {
  const { localAws } = await ensureToolchain();
  const functions = join(PROJECT_DIRECTORY, "src", "components", "aws", "lambda");
  const result = await run(localAws.python, ["-m", "unittest", "-v", module], {
    cwd: join(__dirname, "functions"),
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: functions,
      PYTHONDONTWRITEBYTECODE: "1",
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
  });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toMatch(/Ran [1-9]\d* tests?/);
});
