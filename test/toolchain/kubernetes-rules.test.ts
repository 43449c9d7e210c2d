// The alert rules of every system, read by Prometheus' own reader (RT-22, RT-24, SA-12).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertRules } from "../../src/components/kubernetes/alert-rules";
import { at } from "../../src/components/kubernetes/fields";
import { workloadObjects } from "../../src/components/kubernetes/workload-objects";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { systemHome } from "../unit/kubernetes/helper-homes";
import { objectOf, systems } from "../unit/kubernetes/samples";

let directory: string;
let checker: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-rules-"));
  checker = await goProgram({ name: "rule-check", module: join(__dirname, "rule-check") });
}, 900_000);
afterAll(() => rmSync(directory, { recursive: true }));

async function check(text: string) {
  const file = join(directory, "rules.yaml");
  writeFileSync(file, text);
  return run(checker, [file]);
}

test.each(systems().map(({ name }) => name))("Prometheus takes the rules of %s", async name => {
  const home = systemHome(name, { monitoring: { ingressMetrics: "ingress-nginx" } });
  const map = objectOf(workloadObjects(home).objects, "ConfigMap", "alert-rules");
  const { stderr, code } = await check(String(at(map, "data", "rules.yaml")));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(alertRules(home).flatMap(({ rules }) => rules).length).toBeGreaterThan(4);
});

test("an expression that is none is refused: the check above can fail", async () => {
  const groups = [{ name: "g", rules: [{ alert: "A", expr: "sum(rate(x[5m])" }] }];
  const { code, stderr } = await check(JSON.stringify({ groups }));
  expect(code).toBe(1);
  expect(stderr).toMatch(/could not parse expression/);
});
