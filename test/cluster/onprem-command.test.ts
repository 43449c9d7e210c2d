// PF-3: `npm run onprem` in a copy of the project: nothing is there before, five systems are healthy after it, and a second run changes nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterDown } from "../../toolchain/cluster/cluster";
import { type Clone, openClone } from "../docs/clone";
import { pattern, plain, transcripts } from "../docs/markdown";

let clone: Clone;

beforeAll(async () => {
  clone = await openClone();
});
afterAll(async () => {
  await clusterDown(join(clone.directory, ".palisade", "cluster"));
  await clone.close();
});

test("a cluster, a bundle, an install, and a table of healthy systems; again, and nothing is changed", async () => {
  const first = await clone.type("npm run onprem");
  const said = plain(first.stdout);
  expect(first.code, said).toBe(0);
  expect(said).toMatch(pattern(transcripts("README.md").get("npm run onprem") ?? "nothing"));
  for (const system of ["content-pipeline", "iss", "router", "sanctum", "scriptpulse"])
    expect(said).toMatch(new RegExp(`^${system} +(\\d+) of \\1 ready +healthy$`, "m"));
  const [, attempts, pods, arrived] =
    /^Network: (\d+) ways tried from (\d+) pods; (\d+) are allowed and arrived/m.exec(said)?.map(Number) ?? [];
  expect(pods).toBeGreaterThan(20);
  expect(attempts).toBeGreaterThan(10 * (arrived ?? Number.POSITIVE_INFINITY));

  const second = await clone.type("npm run onprem");
  expect(second.code, plain(second.stdout)).toBe(0);
  expect(plain(second.stdout)).toContain("Release 1.0.0 runs; nothing had to be changed.");

  const down = await clone.type("npx palisade sandbox down --cluster");
  expect(down.stdout).toContain("The local cluster has ended; its data is gone.");
  expect(existsSync(join(clone.directory, ".palisade", "cluster"))).toBe(false);
});
