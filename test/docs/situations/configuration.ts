// Tests of the documentation: a stack file that is sound, one that is not, and two that are compared.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { type Clone, openClone } from "../clone";
import { shows, succeeded, type } from "../typing";

export function configuration(): void {
  describe.sequential("configuration", () => {
    let clone: Clone;
    beforeAll(async () => {
      clone = await openClone();
    });
    afterAll(() => clone.close());

    test.each([
      "npx palisade config check",
      "npx palisade config check --file Pulumi.prod.yaml",
      "npx palisade config check --file Pulumi.staging.yaml",
    ])("%s", async command => {
      const result = await type(clone, [command]);
      succeeded(result);
      expect(result.stdout).toContain("no fault");
    });

    test("ten faults come in one message", async () => {
      const command = "npx palisade config check --file test/docs/fixtures/Pulumi.faulty.yaml";
      const result = await type(clone, [command]);
      expect(result.code).toBe(1);
      shows(command, result);
    });

    test("staging and prod are compared by keys", async () => {
      const result = await type(clone, ["npx palisade config diff staging prod"]);
      succeeded(result);
      shows("npx palisade config diff staging prod", result);
    });

    test("the schema is written as it is committed", async () => {
      succeeded(await type(clone, ["npx palisade config schema > docs/stack-config.schema.json"]));
      const of = (directory: string) => readFileSync(join(directory, "docs/stack-config.schema.json"), "utf8");
      expect(JSON.parse(of(clone.directory))).toEqual(JSON.parse(of(PROJECT_DIRECTORY)));
    });

    test("another stack is drawn", async () => {
      const result = await type(clone, ["npx palisade graph --stack prod"]);
      succeeded(result);
      expect(result.stdout).toMatch(/of stack prod/);
    });
  });
}
