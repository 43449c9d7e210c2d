// What is built of the Terraform providers is copied out of Go's module cache, which is empty on a new machine.
import { expect, test } from "vitest";
import { goEnv, sources } from "../../toolchain/build";
import { run } from "../../toolchain/run";

test("the tests of what prepares the providers' sources pass, with an empty module cache among them", async () => {
  const tests = await run("go", ["test", "-count=1", "./prepare"], { cwd: sources.providers, env: goEnv });
  expect(tests.stdout + tests.stderr).toMatch(/^ok\s/m);
  expect(tests.code).toBe(0);
}, 600_000);
