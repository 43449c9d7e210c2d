// Tests of the documentation: the port of the local AWS is taken.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onPath } from "../../../toolchain/find";
import { freePort } from "../../../toolchain/sandbox";
import { type Clone, openClone } from "../clone";
import { succeeded, symptom, type, typed } from "../typing";

export function takenPort(): void {
  describe.sequential("a taken port", () => {
    const page = "runbooks/local-aws-port-taken.md";
    let clone: Clone;
    let other: Server;
    beforeAll(async () => {
      clone = await openClone();
      other = createServer().listen(Number(new URL(clone.localAws).port), "127.0.0.1");
      await once(other, "listening");
    });
    afterAll(async () => {
      other.close();
      await clone.close();
    });

    test("is named as the page says", async () => {
      const result = await clone.type("npx palisade sandbox up");
      expect(result.code).toBe(1);
      expect(result.stdout).toMatch(symptom(page));
    });

    test("its holder is found", async () => {
      const command = "lsof -nP -iTCP:4600 -sTCP:LISTEN";
      if (!onPath("lsof")) return void typed.add(command);
      const result = await type(clone, [command], { put: [["4600", new URL(clone.localAws).port]] });
      succeeded(result);
      expect(result.stdout).toContain(String(process.pid));
    });

    test("another one will do", async () => {
      const env = { PALISADE_LOCAL_AWS: `http://127.0.0.1:${await freePort()}` };
      succeeded(await clone.type("npx palisade sandbox up", { env }));
      const down = await type(clone, ["npx palisade sandbox down"], { env });
      succeeded(down);
      expect(down.stdout).toContain("its memory is gone");
    });
  });
}
