// Tests of the documentation: what is typed before a change is proposed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { type Clone, openClone } from "../clone";
import { shows, succeeded, type } from "../typing";

export function contributing(): void {
  describe.sequential("contributing", () => {
    let clone: Clone;
    beforeAll(async () => {
      clone = await openClone();
      // The formatter asks git what to leave out.
      succeeded(await clone.type("git init -q"));
    });
    afterAll(() => clone.close());

    test("a part of the tests", async () => {
      const result = await type(clone, ["npm test -- --project unit config"]);
      succeeded(result);
      expect(result.stdout).not.toMatch(/test\/unit\/components/);
      // All of them end in the same lines.
      shows("npm test", result);
    });

    test("code is formatted", async () => {
      succeeded(await type(clone, ["npm run format"]));
    });

    test("golden previews are written anew, and are what they were", async () => {
      succeeded(await type(clone, ["npm run golden"]));
      const of = (directory: string, stack: string) =>
        readFileSync(join(directory, "test", "preview", "golden", `${stack}.json`), "utf8");
      for (const stack of ["dev", "staging", "prod"])
        expect(of(clone.directory, stack)).toBe(of(PROJECT_DIRECTORY, stack));
    });
  });
}
