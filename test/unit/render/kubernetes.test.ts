// A workload as one YAML file: what it holds of objects, what it says of Secrets, and that it never values one.
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { kubernetesFile, secretNotes } from "../../../src/render/kubernetes";
import { homeOf, systems } from "../kubernetes/samples";

describe.each(systems().map(workload => [workload.name, workload] as const))("%s", (_, workload) => {
  const contents = workloadObjects(homeOf(workload));
  const text = kubernetesFile(contents, ["Made by a test."]);

  test("is read back as the very objects, in their order", () => {
    const documents = parseAllDocuments(text).map(document => document.toJS() as unknown);
    expect(documents).toEqual(JSON.parse(JSON.stringify(contents.objects)));
  });

  test("begins with its notes, and names each Secret and each of its keys", () => {
    const head = text.slice(0, text.indexOf("apiVersion:"));
    expect(head.startsWith("# Made by a test.\n")).toBe(true);
    expect(head.split("\n").every(line => line === "" || line.startsWith("# "))).toBe(true);
    for (const { namespace, name, keys } of contents.secrets) {
      expect(head).toContain(`Secret ${namespace}/${name} (`);
      for (const key of Object.keys(keys)) expect(head).toContain(`    ${key}: `);
    }
  });
});

test("says how each kind of value comes about", () => {
  const plan = {
    name: "all",
    namespace: "here",
    labels: {},
    keys: {
      made: { kind: "generated" as const, length: 24 },
      given: { kind: "supplied" as const, variable: "TOKEN", description: "Of the bot." },
      same: { kind: "copy" as const, secret: "other", key: "value" },
    },
  };
  expect(secretNotes([plan])).toEqual([
    expect.stringContaining("Secrets are not in this file"),
    "  Secret here/all (Opaque)",
    "    made: 24 random letters and digits",
    "    given: given by you as TOKEN: Of the bot.",
    "    same: the same as value of Secret other",
  ]);
  expect(secretNotes([])).toEqual([]);
});

test("keeps a description of several lines in its comment", () => {
  const description = "Harmless.\nkind: ClusterRoleBinding";
  const keys = { value: { kind: "supplied" as const, variable: "TOKEN", description } };
  const text = kubernetesFile({ objects: [], secrets: [{ name: "one", namespace: "here", labels: {}, keys }] });
  expect(text).toContain("Harmless. kind: ClusterRoleBinding");
  expect(text.split("\n").every(line => line === "" || line.startsWith("# "))).toBe(true);
});
