// Tests of the documentation: an engine that is too old, a tool that cannot be had, a cache that is deleted.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onPath } from "../../../toolchain/find";
import { type Clone, openClone } from "../clone";
import { succeeded, type } from "../typing";

export function tools(): void {
  describe.sequential("tools", () => {
    let clone: Clone;
    beforeAll(async () => {
      clone = await openClone();
    });
    afterAll(() => clone.close());

    test("what is there and what is missing is listed", async () => {
      const result = await type(clone, ["npx palisade doctor"]);
      succeeded(result);
      expect(result.stdout).toMatch(/✓ {2}Node\.js/);
    });

    test("an engine that is too old is seen, and not used", async () => {
      const bin = join(clone.room, "bin");
      mkdirSync(bin);
      writeFileSync(join(bin, "pulumi"), "#!/bin/sh\necho v3.100.0\n", { mode: 0o755 });
      const env = { PATH: `${bin}:${process.env.PATH}` };
      const doctor = await type(clone, ["npx palisade doctor"], { env });
      expect(doctor.stdout).toMatch(/– {2}Pulumi engine +3\.100\.0 +3\.256\.0 or newer/);
      const made = await type(clone, ["npx palisade toolchain"], { env });
      succeeded(made);
      expect(made.stdout).toMatch(/^engine +3\.256\.\d+ +(built|downloaded)/m);
      expect(made.stdout).not.toContain(bin);
      const byHand = await type(clone, ['eval "$(npx palisade env)"', "pulumi version"], { env });
      succeeded(byHand);
      expect(byHand.stdout).toMatch(/^v3\.256\./m);
    });

    test("what cannot be had is named, with the way to get it", async () => {
      const bin = join(clone.room, "poor");
      mkdirSync(bin);
      for (const name of ["sh", "env", "node", "npm", "npx", "git", "tar"])
        symlinkSync(onPath(name) ?? "", join(bin, name));
      const env = { PATH: bin, PALISADE_CACHE: join(clone.room, "empty") };
      const result = await type(clone, ["PALISADE_DOWNLOADS=off npx palisade toolchain"], { env });
      expect(result.code).toBe(1);
      expect(result.stdout).toMatch(/go is not on PATH; \S+ or newer is needed/);
      expect(result.stdout).toContain("npx palisade doctor");
    });

    test("what was made can be deleted", async () => {
      const home = join(clone.room, "home");
      mkdirSync(join(home, ".cache", "palisade"), { recursive: true });
      succeeded(await type(clone, ["rm -r ~/.cache/palisade"], { env: { HOME: home } }));
      expect(existsSync(join(home, ".cache", "palisade"))).toBe(false);
    });
  });
}
