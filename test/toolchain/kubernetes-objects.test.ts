// Kubernetes objects before those who judge them for a living: the API's own specification, strictly.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goProgram } from "../../toolchain/go-program";
import { run } from "../../toolchain/run";
import { kubernetesVersion, writeSchemas } from "./kubernetes-schemas";
import { renderAll, rendered } from "./rendered-workloads";

/** Kinds of an ingress controller: their schema is not Kubernetes' to give. */
const foreign = ["TLSOption", "ServersTransport", "Middleware"];

let directory: string;
let kubeconform: string;
let files: Record<string, string>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "palisade-objects-"));
  const main = "github.com/yannh/kubeconform/cmd/kubeconform";
  kubeconform = await goProgram({ name: "kubeconform", module: join(__dirname, "kubeconform"), main });
  await writeSchemas(join(directory, "schemas"));
  files = renderAll(join(directory, "objects"));
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true }));

/** What is wrong with a file, by object; nothing if all is well. */
async function judge(file: string): Promise<string[]> {
  const location = join(directory, "schemas", "{{ .ResourceKind }}{{ .KindSuffix }}.json");
  const result = await run(kubeconform, [
    "-strict",
    "-output",
    "json",
    "-kubernetes-version",
    kubernetesVersion,
    "-schema-location",
    location,
    "-skip",
    foreign.join(","),
    file,
  ]);
  expect(result.stderr).toBe("");
  const { resources } = JSON.parse(result.stdout) as { resources: { kind: string; name: string; msg: string }[] };
  return (resources ?? []).map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`);
}

describe("the official schema", () => {
  test.each(rendered)("takes every object of %s", async name => {
    expect(await judge(files[name] ?? "")).toEqual([]);
  });

  test.each([
    [
      "an unknown field",
      "enableServiceLinks: false",
      "enableServiceLink: false",
      /additional properties? 'enableServiceLink'/,
    ],
    ["a value of another type", "revisionHistoryLimit: 5", "revisionHistoryLimit: five", /got string, want integer/],
    [
      "a field that is needed",
      "whenUnsatisfiable: ScheduleAnyway",
      "minDomains: 1",
      /missing property 'whenUnsatisfiable'/,
    ],
  ])("refuses %s", async (_, right, wrong, reason) => {
    const text = readFileSync(files.sanctum ?? "", "utf8");
    expect(text).toContain(right);
    const spoilt = join(directory, "spoilt.yaml");
    writeFileSync(spoilt, text.replace(right, wrong));
    expect((await judge(spoilt)).join("\n")).toMatch(reason);
  });
});
