// SA-8, PF-3: values that nobody supplied are told with all other findings, by name and never by value.
import { expect, test } from "vitest";
import type { PreflightInputs } from "../../../src/onprem/preflight/inputs";
import { judgeSupplied, supplied } from "../../../src/onprem/preflight/supplied";
import { Failure } from "../../../toolchain/failure";

const demand = {
  workload: "router",
  namespace: "router-prod",
  variable: "A2A_TOKEN",
  description: "token of the agents",
};
const inputs = (lackingSecrets?: PreflightInputs["lackingSecrets"]) => ({ lackingSecrets }) as PreflightInputs;

test("nothing lacks", () => expect(judgeSupplied([]).level).toBe("ok"));
test("what lacks is named, with each way to give it", () => {
  const finding = judgeSupplied([demand, { ...demand, variable: "OTHER" }]);
  expect(finding).toMatchObject({ id: "secrets", level: "failed" });
  expect(finding.found).toBe(
    "not supplied: router.A2A_TOKEN (token of the agents); router.OTHER (token of the agents)",
  );
  for (const way of ["--secrets FILE", "PALISADE_SECRET_ROUTER_A2A_TOKEN", "--secrets-from NAMESPACE/NAME"])
    expect(finding.fix).toContain(way);
});
test("a source that is not as it should be is a finding too, and no end of the others", async () => {
  const found = await supplied(
    inputs(async () => Promise.reject(new Failure("s.yaml has mode 0644", "chmod 600 s.yaml"))),
  );
  expect(found).toEqual([
    expect.objectContaining({ level: "failed", found: "s.yaml has mode 0644", fix: "chmod 600 s.yaml" }),
  ]);
  await expect(supplied(inputs(async () => Promise.reject(new TypeError("bug"))))).rejects.toThrow("bug");
  expect(await supplied(inputs())).toEqual([]);
});
