import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { encodeStringData } from "../../../src/kubernetes/secret";
import { refusals, settings } from "../../../toolchain/kubernetes-plugin/config";
import { fieldManager, named } from "../../../toolchain/kubernetes-plugin/naming";
import { manifest, render, renderPath, renderRefusals } from "../../../toolchain/kubernetes-plugin/render";
import { forState, withoutSecrets } from "../../../toolchain/kubernetes-plugin/secrets";
import { recorded, stateOf } from "../../../toolchain/kubernetes-plugin/state";
import { apiKind, isNamespacedBuiltIn } from "../../../toolchain/kubernetes-plugin/tokens";
import { fromStruct, hasUnknown, toStruct, UNKNOWN } from "../../../toolchain/kubernetes-plugin/wire";
import { PLUGIN_VERSIONS } from "../../../toolchain/versions";

const urn = (type: string) => `urn:pulumi:dev::palisade::my:component:Thing$${type}::web`;
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
const struct = (value: object) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);

test("the plugin stands in for that of the npm package, in its version", () => {
  const text = readFileSync(join(__dirname, "../../../package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  expect(dependencies["@pulumi/kubernetes"]).toBe(PLUGIN_VERSIONS.kubernetes);
});

describe("a type", () => {
  test.each([
    ["kubernetes:core/v1:ConfigMap", "v1", "ConfigMap"],
    ["kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"],
    ["kubernetes:networking.k8s.io/v1:NetworkPolicy", "networking.k8s.io/v1", "NetworkPolicy"],
    [
      "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
    ],
    ["kubernetes:stable.example.com/v1:CronTab", "stable.example.com/v1", "CronTab"],
  ])("%s is %s %s", (type, apiVersion, kind) => expect(apiKind(urn(type), {})).toEqual({ apiVersion, kind }));

  test.each([
    "kubernetes:core/v1:ConfigMapPatch",
    "kubernetes:core/v1:ConfigMapList",
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:yaml/v2:ConfigFile",
    "aws:s3/bucket:Bucket",
  ])("%s is refused by name", type => expect(() => apiKind(urn(type), { kind: "ConfigMap" })).toThrow(type));

  // Every type the SDK has is either an object, whose API version and kind it sends itself, or refused.
  test("of the SDK sends what its name says", () => {
    const sdk = join(__dirname, "../../../node_modules/@pulumi/kubernetes");
    const text = (directory: string): string =>
      readdirSync(directory, { withFileTypes: true })
        .filter(entry => !["node_modules", "types"].includes(entry.name))
        .map(entry => {
          const path = join(directory, entry.name);
          if (entry.isDirectory()) return text(path);
          return /\.js$/.test(entry.name) ? readFileSync(path, "utf8") : "";
        })
        .join("\n");
    let compared = 0;
    for (const part of text(sdk).split("__pulumiType = ").slice(1)) {
      const type = /^'([^']*)'/.exec(part)?.[1] ?? "";
      const apiVersion = /resourceInputs\["apiVersion"\] = "([^"]*)"/.exec(part)?.[1];
      const kind = /resourceInputs\["kind"\] = "([^"]*)"/.exec(part)?.[1];
      // An answer of the server, which the SDK offers as if it could be made.
      if (!apiVersion || !kind || /(Patch|List)$/.test(type) || type === "kubernetes:meta/v1:Status") continue;
      expect(apiKind(urn(type), {}), type).toEqual({ apiVersion, kind });
      compared++;
    }
    expect(compared).toBeGreaterThan(150);
  });

  test("lies in a namespace or not", () => {
    expect(isNamespacedBuiltIn({ apiVersion: "v1", kind: "Namespace" })).toBe(false);
    expect(isNamespacedBuiltIn({ apiVersion: "v1", kind: "Pod" })).toBe(true);
    expect(isNamespacedBuiltIn({ apiVersion: "example.org/v1", kind: "Namespace" })).toBeUndefined();
  });
});

describe("a name", () => {
  const seed = new Uint8Array([1, 2, 3]);
  const autonamed = { metadata: { name: "web-0123abcd", annotations: { "pulumi.com/autonamed": "true" } } };

  test("is made of the resource's and a suffix, the same for the same seed, and marked", () => {
    const made = named({ metadata: { annotations: { a: "b" } } }, {}, urn("kubernetes:core/v1:Pod"), seed);
    expect(made).toEqual(named({ metadata: { annotations: { a: "b" } } }, {}, urn("kubernetes:core/v1:Pod"), seed));
    expect(made).toMatchObject({ metadata: { annotations: { a: "b", "pulumi.com/autonamed": "true" } } });
    expect((made.metadata as { name: string }).name).toMatch(/^web-[0-9a-f]{8}$/);
  });

  test("that was chosen before is kept, one that is given is taken", () => {
    expect(named({}, autonamed, urn("kubernetes:core/v1:Pod"), seed)).toEqual(autonamed);
    expect(named({ metadata: { name: "x" } }, autonamed, "", seed)).toEqual({ metadata: { name: "x" } });
    expect(named({ metadata: { name: UNKNOWN } }, {}, "", seed)).toEqual({ metadata: { name: UNKNOWN } });
  });

  test("is the engine's if it proposes one, and must be given if it forbids to choose", () => {
    const proposed = named({}, {}, urn("x"), seed, { mode: "propose", proposed: "web-engine" });
    expect(proposed).toMatchObject({ metadata: { name: "web-engine" } });
    expect(() => named({}, {}, urn("x"), seed, { mode: "disable", proposed: "" })).toThrow(/metadata\.name/);
    expect(() => named({ metadata: { generateName: "x-" } }, {}, urn("x"), seed)).toThrow(/generateName/);
  });

  test("of the field manager is the resource's own, unless it is given or recorded", () => {
    expect(fieldManager("urn:a", {})).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(fieldManager("urn:a", {})).not.toBe(fieldManager("urn:b", {}));
    expect(fieldManager("urn:a", {}, "pulumi-kubernetes-old")).toBe("pulumi-kubernetes-old");
    const annotations = { "pulumi.com/patchFieldManager": "mine" };
    expect(fieldManager("urn:a", { metadata: { annotations } }, "old")).toBe("mine");
  });
});

describe("settings", () => {
  test.each([
    ["helmReleaseSettings", "{}"],
    ["kubeClientSettings", '{"qps":5}'],
    ["enableServerSideApply", "false"],
    ["alwaysRender", "true"],
    ["somethingNew", "1"],
  ])("%s = %s is refused by name", (property, value) =>
    expect(refusals({ [property]: value }).map(r => r.property)).toEqual([property]),
  );

  test("that are left out, or that it has, are accepted", () => {
    const given = {
      helmReleaseSettings: "",
      kubeClientSettings: "undefined",
      enableServerSideApply: "true",
      namespace: "a",
    };
    expect(refusals({ ...given, suppressDeprecationWarnings: "true", alwaysRender: "false" })).toEqual([]);
    expect(settings({ namespace: "a" }, { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" })).toMatchObject({
      namespace: "a",
      enablePatchForce: true,
      deleteUnreachable: false,
    });
    expect(settings({ enablePatchForce: "false" }, { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" }).enablePatchForce).toBe(
      false,
    );
  });

  test("of a cluster do not go together with rendering", () => {
    const given = { renderYamlToDirectory: "out", kubeconfig: "x", context: "y" };
    expect(refusals(given).map(r => r.property)).toEqual(["kubeconfig", "context"]);
  });
});

describe("secrets", () => {
  test("survive the way in and out, and a list with one is one", () => {
    const { value, secrets } = fromStruct(
      struct({ a: secret("s"), b: [1, secret("t")], c: { d: secret("u"), e: 1 }, n: null }),
    );
    expect(value).toEqual({ a: "s", b: [1, "t"], c: { d: "u", e: 1 } });
    expect(secrets).toEqual({ a: true, b: true, c: { d: true } });
    expect(toStruct(value, secrets).toJavaScript()).toEqual({
      a: secret("s"),
      b: secret([1, "t"]),
      c: { d: secret("u"), e: 1 },
    });
  });

  test("are all values of a Secret in the state, and what the program marked", () => {
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { a: "eA==" } };
    const state = stateOf(
      object,
      { value: { ...object, stringData: { b: "plain" } }, secrets: {} },
      "m",
    ).toJavaScript();
    expect(JSON.stringify(state.data)).toContain("1b47061264138c4ac30d75fd1eb44270");
    expect(JSON.stringify((state.__inputs as { stringData: object }).stringData)).toContain(
      "1b47061264138c4ac30d75fd1eb44270",
    );
    const back = recorded(stateOf(object, { value: object, secrets: {} }, "m"));
    expect(back).toEqual({ live: object, inputs: { value: object, secrets: { data: true } }, manager: "m" });
  });

  test("are taken out of messages, as they are and as base64", () => {
    const inputs = { value: { apiVersion: "v1", kind: "Secret", stringData: { p: "hunter2" } }, secrets: {} };
    expect(withoutSecrets(`bad "hunter2" and ${Buffer.from("hunter2").toString("base64")}`, inputs)).toBe(
      'bad "[secret]" and [secret]',
    );
  });

  test("do not come back by kubectl's copy of what it applied", () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}", a: "b" };
    expect(forState({ kind: "Secret", metadata: { annotations, managedFields: [] } })).toEqual({
      kind: "Secret",
      metadata: { annotations: { a: "b" } },
    });
  });

  test("given as text are sent as data", () => {
    const object = { apiVersion: "v1", kind: "Secret", data: { a: "eA==" }, stringData: { b: "y" } };
    expect(encodeStringData(object)).toEqual({ apiVersion: "v1", kind: "Secret", data: { a: "eA==", b: "eQ==" } });
  });

  test("and other values that are no plain ones are refused by name", () => {
    const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "x" };
    expect(() => fromStruct(struct({ data: { a: asset } }))).toThrow(/`data\.a` is an asset/);
  });
});

test("unknown values are seen at any depth", () => {
  expect(hasUnknown(fromStruct(struct({ a: [{ b: "3eeb2bf0-c639-47a8-9e75-3b44932eb421" }] })).value)).toBe(true);
  expect(hasUnknown({ a: ["x"] })).toBe(false);
});

test("names that TypeScript cannot write are written with dashes in the cluster", () => {
  const { value } = fromStruct(struct({ x_kubernetes_list_type: "map" }));
  expect(value).toEqual({ "x-kubernetes-list-type": "map" });
  expect(toStruct(value).toJavaScript()).toEqual({ x_kubernetes_list_type: "map" });
});

describe("a rendered manifest", () => {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "prod" },
    spec: { b: 1, a: "yes" },
  };

  test.each([
    ["apps/v1", "Deployment", "prod", "1-manifest/apps_v1-deployment-prod-web.yaml"],
    ["v1", "Namespace", "", "1-manifest/v1-namespace-default-web.yaml"],
    [
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      "",
      "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-web.yaml",
    ],
    [
      "rbac.authorization.k8s.io/v1",
      "ClusterRole",
      "",
      "1-manifest/rbac.authorization.k8s.io_v1-clusterrole-default-web.yaml",
    ],
  ])("of %s %s lies in the official place", (apiVersion, kind, namespace, path) =>
    expect(renderPath({ apiVersion, kind, metadata: { name: "web", namespace } })).toBe(path),
  );

  test.each(["../../etc/passwd", "a/b", "", ".."])("named %j stays in its directory", name =>
    expect(() => renderPath({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } })).toThrow(/cannot be part/),
  );

  test("reads the same in YAML 1.1 and 1.2", () => {
    const data = {
      yes: "yes",
      on: "on",
      octal: "0o10",
      sexagesimal: "1:20",
      no: "no",
      null: "null",
      n: 1,
      tilde: "~",
      "0o7": "key",
      long: "a\n b\n",
    };
    expect(parse(manifest(data), { version: "1.1" })).toEqual(data);
    expect(parse(manifest(data), { version: "1.2" })).toEqual(data);
  });

  test("is written whole, for the user alone", async () => {
    const directory = await mkdtemp(join(tmpdir(), "palisade-render-"));
    try {
      const file = await render(directory, object);
      expect(parse(readFileSync(file, "utf8"))).toEqual(object);
      expect(readdirSync(join(directory, "1-manifest"))).toEqual(["apps_v1-deployment-prod-web.yaml"]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("never holds a secret: values of a Secret, and whatever the program marked", () => {
    const holding = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { a: "b" } };
    expect(renderRefusals({ value: holding, secrets: {} }).map(r => r.property)).toEqual(["stringData"]);
    expect(renderRefusals({ value: { ...holding, stringData: UNKNOWN }, secrets: {} })).toHaveLength(1);
    expect(renderRefusals({ value: { ...holding, stringData: {} }, secrets: {} })).toEqual([]);
    const marked = { value: { ...object, data: { "a.b": "x" } }, secrets: { data: { "a.b": true as const } } };
    expect(renderRefusals(marked).map(r => r.property)).toEqual(['data["a.b"]']);
    expect(renderRefusals({ value: object, secrets: {} })).toEqual([]);
  });
});
