// PF-3: what `npm run onprem` shows of the systems.
import { expect, test } from "vitest";
import { systemsOf } from "../../../src/cli/onprem";

test("workloads are told by system, what they share apart, each with what it misses", () => {
  const of = (namespace: string, missing = "") => ({ namespace, missing });
  const all = [of("router-dev"), of("palisade-dev"), of("iss-dev"), of("iss-dev", "1 of 3"), of("palisade-dev-nodes")];
  expect(systemsOf(all)).toEqual([
    { name: "iss", workloads: 2, missing: ["1 of 3"] },
    { name: "palisade", workloads: 2, missing: [] },
    { name: "router", workloads: 1, missing: [] },
  ]);
  expect(systemsOf([])).toEqual([]);
});
