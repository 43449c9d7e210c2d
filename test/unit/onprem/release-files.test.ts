// PF-1, PF-3, PF-7, RT-13: a release as files: they make the same objects again, hold no secret, and say nothing of a machine.
import { join } from "node:path";
import { build } from "esbuild";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { catalog } from "../../../src/catalog/catalog";
import { type KubernetesObject, describe as keyOf } from "../../../src/components/kubernetes/object";
import { isTree, type Tree } from "../../../src/config/paths";
import { Sealed } from "../../../src/config/sealed";
import { files } from "../../../src/onprem/format/release";
import { readReleaseInputs, releaseInputs } from "../../../src/onprem/render/inputs";
import { manifestsText, requireSameManifests } from "../../../src/onprem/render/manifests";
import { releaseFacts, releaseFiles } from "../../../src/onprem/render/release-files";
import { renderRelease } from "../../../src/onprem/render/rendered-release";
import { parseValues } from "../../../src/onprem/render/values";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { exampleConfig, exampleInputs } from "./example";

const inputs = exampleInputs();
const made = releaseFiles(inputs);
const text = (title: string) => made[title] ?? "";
const read = (title: string) => Promise.resolve(text(title));

test("the files that the installer reads, the same each time", () => {
  const { stack, workloads, manifests, secrets, valuesSchema, valuesExample } = files;
  expect(Object.keys(made)).toEqual([stack, workloads, manifests, secrets, valuesSchema, valuesExample]);
  expect(releaseFiles(exampleInputs())).toEqual(made);
});

test("the order in which somebody wrote the configuration is nobody's business", () => {
  const reversed = (node: unknown): unknown =>
    isTree(node)
      ? Object.fromEntries(
          Object.entries(node)
            .reverse()
            .map(([key, value]) => [key, reversed(value)]),
        )
      : node;
  expect(releaseFiles(exampleInputs(reversed(exampleConfig()) as Tree))).toEqual(made);
});

test("what was written is read again, and makes the same objects byte for byte, with no catalogue at hand", async () => {
  const again = await readReleaseInputs(read, "onprem");
  const { objects, secrets } = renderRelease(again);
  expect(manifestsText(objects)).toBe(text(files.manifests));
  expect(JSON.stringify(secrets)).toBe(text(files.secrets));
  expect(() => requireSameManifests(objects, text(files.manifests))).not.toThrow();
  expect(() => requireSameManifests(objects, text(files.manifests).replace("logs", "lags"))).toThrow(
    /from line \d+ on/,
  );
  expect(() => requireSameManifests(objects.slice(1), text(files.manifests))).toThrow(/from line \d+ on/);
});

test("every reader of YAML finds the very objects", () => {
  const objects = JSON.parse(JSON.stringify(renderRelease(inputs).objects)) as unknown;
  for (const version of ["1.1", "1.2"] as const)
    expect(parseAllDocuments(text(files.manifests), { version }).map(document => document.toJS() as unknown)).toEqual(
      objects,
    );
});

test("any text is read as it was written, in YAML 1.1 and 1.2, as a key too", () => {
  const words = fc.constantFrom(
    "yes",
    "on",
    "0o10",
    "1:20",
    "~",
    "null",
    "1e3",
    "<<",
    "=",
    "a: b",
    "a #b",
    "---",
    "\u2028",
  );
  const anyText = fc.oneof(
    words,
    fc.string(),
    fc.string({ unit: "grapheme" }),
    fc.array(fc.oneof(words, fc.string())).map(lines => lines.join("\n")),
  );
  void fc.assert(
    fc.property(
      fc.dictionary(
        // No name of Kubernetes' holds a `<`.
        anyText.filter(key => key !== "__proto__" && key !== "<<"),
        anyText,
      ),
      anyText,
      (data, last) => {
        const object: KubernetesObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n" }, data, last };
        const written = manifestsText([object, object]);
        for (const version of ["1.1", "1.2"] as const) {
          const read = parseAllDocuments(written, { version }).map(document => document.toJS() as unknown);
          expect(read).toEqual([object, object]);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("no Secret, no secret, no path of this machine", () => {
  const whole = Object.values(made).join("\n");
  expect(renderRelease(inputs).objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
  expect(whole).not.toContain(PROJECT_DIRECTORY);
  expect(whole).not.toContain("kubeconfig");
  const sealed = { ...exampleConfig(), secrets: { router: { A2A_TOKEN: new Sealed("never-to-be-seen") } } };
  expect(() => releaseInputs(sealed, catalog, "onprem")).toThrow(/palisade:secrets\.router\.A2A_TOKEN: found a secret/);
  expect(() => releaseInputs(sealed, catalog, "onprem")).not.toThrow(/never-to-be-seen/);
});

test("what waits for what comes after it, across the whole release", () => {
  const { objects, order } = renderRelease(inputs);
  const place = new Map(objects.map((object, i) => [keyOf(object), i]));
  for (const [key, needed] of order)
    for (const other of needed)
      if (place.has(key) && place.has(other))
        expect(place.get(other), `${other} before ${key}`).toBeLessThan(place.get(key) ?? -1);
});

test("what a release says of itself is checked like one from outside", () => {
  const facts = { version: "1.2.3", platform: "0.1.0", createdAt: "2030-01-01T00:00:00Z" };
  const said = releaseFacts(inputs, facts);
  expect(said).toMatchObject({ ...facts, stack: "onprem", environment: "prod", platformNamespace: "palisade-prod" });
  expect(said.workloads.map(({ name }) => name).sort()).toEqual([...catalog.keys()].sort());
  expect(() => releaseFacts(inputs, { ...facts, version: "latest" })).toThrow();
});

test("an image of one name has one digest", () => {
  const config = exampleConfig() as { workloads: Record<string, object> };
  const both = new Map([...catalog, ["other", { ...catalog.get("iss"), name: "other" }]]) as typeof catalog;
  const withOther = (more: object) => {
    const workloads = { ...config.workloads, other: { ...config.workloads.iss, ...more } };
    return () => releaseFiles(releaseInputs({ ...config, workloads }, both, "onprem"));
  };
  expect(withOther({})).not.toThrow();
  expect(withOther({ images: { api: `sha256:${"c".repeat(64)}` } })).toThrow(/`iss\/module` has two digests/);
});

describe("files of a release that are not what they should be are refused by name", () => {
  test.each([
    [files.stack, "{"],
    [files.stack, "[]"],
    [files.stack, JSON.stringify({ ...exampleConfig(), delivery: "cluster" })],
    [files.stack, JSON.stringify({ ...exampleConfig(), release: {} })],
    [files.workloads, "{}"],
    [files.workloads, "[]"],
    [files.workloads, JSON.stringify([{ ...catalog.get("iss"), colour: "blue" }])],
  ])("%s as %.40s", async (title, content) => {
    const other = (asked: string) => (asked === title ? Promise.resolve(content) : read(asked));
    await expect(readReleaseInputs(other, "onprem")).rejects.toThrow(/of the bundle .*\n?/);
  });
});

test("a stack that is applied straight, or is AWS's, makes no release", () => {
  expect(() => exampleInputs({ ...exampleConfig(), delivery: "cluster" })).toThrow(
    /palisade:delivery: found another home/,
  );
  expect(() => exampleInputs({})).toThrow(/npx palisade config check --file Pulumi\.onprem\.yaml/);
});

describe("values", () => {
  test("the example changes nothing, and fits the schema that an editor has", () => {
    const example = text(files.valuesExample);
    const values = parseValues(example, "values.yaml");
    expect(manifestsText(renderRelease(inputs, { values }).objects)).toBe(text(files.manifests));
    const schema = z.fromJSONSchema(JSON.parse(text(files.valuesSchema)) as Parameters<typeof z.fromJSONSchema>[0]);
    expect(schema.safeParse(parse(example)).error?.issues).toBeUndefined();
    expect(schema.safeParse({ cluster: { kubeconfig: "/k" } }).success).toBe(false);
    expect(schema.safeParse({ cluster: { ingress: null } }).success).toBe(true);
  });
});

test("what goes into the installer has nothing of the engine's", async () => {
  const { metafile } = await build({
    entryPoints: ["inputs", "release-files", "rendered-release", "rendered-differs", "values"].map(name =>
      join(PROJECT_DIRECTORY, "src/onprem/render", `${name}.ts`),
    ),
    bundle: true,
    write: false,
    outdir: "none",
    platform: "node",
    format: "cjs",
    metafile: true,
    logLevel: "silent",
  });
  const bundled = Object.keys(metafile.inputs);
  expect(bundled.length).toBeGreaterThan(50);
  expect(bundled.filter(file => /@pulumi|src\/(catalog|cli)|components\/kubernetes\/kinds/.test(file))).toEqual([]);
  const packages = bundled.flatMap(file => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  expect([...new Set(packages)].sort()).toEqual(["yaml", "zod"]);
}, 60_000);
