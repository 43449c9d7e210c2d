// Tests: the commands of the page about the local cluster, typed in a copy of the project.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterDown } from "../../toolchain/cluster/cluster";
import { type Clone, openClone } from "../docs/clone";
import { pattern, plain, transcripts } from "../docs/markdown";

let clone: Clone;
const type = (command: string, env: NodeJS.ProcessEnv = {}) => clone.type(command, { env });

beforeAll(async () => {
  clone = await openClone();
});
afterAll(async () => {
  await clusterDown(join(clone.directory, ".palisade", "cluster"));
  await clone.close();
});

test("a cluster is started, found again, used by its kubeconfig, and ended", async () => {
  expect((await type("npx palisade sandbox status --cluster")).code).toBe(1);
  const up = await type("npx palisade sandbox up --cluster");
  expect(up.code, up.stdout).toBe(0);
  const shown = transcripts("README.md").get("npx palisade sandbox up --cluster") ?? "nothing";
  expect(plain(up.stdout)).toMatch(pattern(shown));
  const status = await type("npx palisade sandbox status --cluster");
  expect(status.code).toBe(0);
  const [, kubeconfig = ""] = /export KUBECONFIG=(.*)/.exec(status.stdout) ?? [];

  const env = { CLUSTER_CONFIG: kubeconfig };
  const given = await type('npx palisade sandbox up --cluster --kubeconfig "$CLUSTER_CONFIG"', env);
  expect(given.stdout).toContain(`The cluster palisade of ${kubeconfig} is ready.`);
  const left = await type("npx palisade sandbox down --cluster", { PALISADE_KUBECONFIG: kubeconfig });
  expect(left.stdout).toContain("it is left as it is");

  const down = await type("npx palisade sandbox down --cluster");
  expect(down.stdout).toContain("The local cluster has ended; its data is gone.");
  expect(existsSync(join(clone.directory, ".palisade", "cluster"))).toBe(false);
  expect((await type("npx palisade sandbox status --cluster")).code).toBe(1);
});
