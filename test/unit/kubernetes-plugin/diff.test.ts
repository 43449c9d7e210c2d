import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError } from "../../../src/kubernetes/errors";
import { at, equal, type JsonObject, parsePath, pathText, withAt } from "../../../src/kubernetes/json";
import {
  changes,
  fixedByServer,
  nearest,
  touching,
  withoutRewordings,
} from "../../../toolchain/kubernetes-plugin/diff";
import { fixedFields } from "../../../toolchain/kubernetes-plugin/immutable";

const json = fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean()] }) as fc.Arbitrary<JsonObject>;
const text = (found: ReturnType<typeof changes>) => found.map(({ path, kind }) => `${kind} ${pathText(path)}`);

describe("changes", () => {
  test("name each place once, as deep as both versions have the same shape", () => {
    const old: JsonObject = { spec: { replicas: 1, a: { b: 1 }, list: [{ name: "x", v: 1 }], gone: true } };
    const next: JsonObject = { spec: { replicas: 2, a: "flat", list: [{ name: "x", v: 2 }, { name: "y" }], new: {} } };
    expect(text(changes(old, next))).toEqual([
      "update spec.replicas",
      "update spec.a",
      "update spec.list[0].v",
      "add spec.list[1]",
      "delete spec.gone",
      "add spec.new",
    ]);
  });

  test("are none exactly where two values are equal", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(changes(a, b).length === 0).toBe(equal(a, b));
      }),
    );
    fc.assert(
      fc.property(json, a => {
        expect(changes(a, structuredClone(a))).toEqual([]);
      }),
    );
  });

  test("carry one version over into the other", () => {
    const flat = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,3}$/),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.nat(3)),
    );
    fc.assert(
      fc.property(flat, flat, (a, b) => {
        const made = changes(a, b).reduce<JsonObject>(
          (object, { path }) => withAt(object, path, at(b, ...path)),
          structuredClone(a),
        );
        expect(made).toEqual(b);
      }),
    );
  });
});

test("paths are read as they are written", () => {
  const step = fc.oneof(fc.nat(20), fc.stringMatching(/^[a-zA-Z./-]*[a-zA-Z]$/));
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]+$/), fc.array(step), (first, rest) => {
      const path = [first, ...rest];
      expect(parsePath(pathText(path))).toEqual(path);
    }),
  );
  expect(pathText(["data", "a.b", "c"])).toBe('data["a.b"].c');
});

test("what the server makes the same of is no change; what is given up is one", () => {
  const old = { spec: { cpu: "1000m", replicas: 1, policy: "Always" } };
  const next = { spec: { cpu: "1", replicas: 2, protocol: "TCP" } };
  const recorded = { spec: { cpu: "1", replicas: 1, policy: "Always", protocol: "TCP" } };
  const answered = { spec: { cpu: "1", replicas: 2, policy: "Always", protocol: "TCP" } };
  expect(text(withoutRewordings(changes(old, next), recorded, answered))).toEqual([
    "update spec.replicas",
    "delete spec.policy",
  ]);
});

const settings = { enableConfigMapMutable: false, enableSecretMutable: false };

describe("a change of", () => {
  test.each([
    ["apps/v1", "Deployment", "metadata.name", true],
    ["apps/v1", "Deployment", "metadata.namespace", true],
    ["apps/v1", "Deployment", "metadata.labels", false],
    ["apps/v1", "Deployment", "spec.selector.matchLabels.app", true],
    ["apps/v1", "Deployment", "spec.replicas", false],
    ["apps/v1", "DaemonSet", "spec.selector", true],
    ["apps/v1", "StatefulSet", "spec.volumeClaimTemplates[0].spec", true],
    ["apps/v1", "StatefulSet", "spec.serviceName", true],
    ["apps/v1", "StatefulSet", "spec.template.spec", false],
    ["batch/v1", "Job", "spec.template.spec.containers[0].image", true],
    ["batch/v1", "Job", "spec.parallelism", false],
    ["v1", "Service", "spec.clusterIP", true],
    ["v1", "Service", "spec.ports[0].port", false],
    ["v1", "PersistentVolumeClaim", "spec.resources.requests.storage", false],
    ["v1", "PersistentVolumeClaim", "spec.accessModes[0]", true],
    ["v1", "PersistentVolumeClaim", "spec.storageClassName", true],
    ["v1", "Secret", "type", true],
    ["v1", "Secret", "stringData.password", true],
    ["v1", "ConfigMap", "data.level", true],
    ["v1", "ConfigMap", "immutable", false],
    ["v1", "Pod", "spec.containers[0].image", true],
    ["v1", "Pod", "spec.tolerations[0]", false],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name", true],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", "subjects[0].name", false],
    ["storage.k8s.io/v1", "StorageClass", "provisioner", true],
    ["storage.k8s.io/v1", "StorageClass", "allowVolumeExpansion", false],
    ["example.org/v1", "Deployment", "spec.selector", false],
  ])("%s %s %s replaces: %s", (apiVersion, kind, path, replaces) =>
    expect(fixedFields({ apiVersion, kind }, {}, settings)(parsePath(path))).toBe(replaces),
  );

  test("a whole part replaces if something fixed lies in it", () => {
    expect(fixedFields({ apiVersion: "apps/v1", kind: "Deployment" }, {}, settings)(["spec"])).toBe(true);
  });

  test("values is made in place where the settings allow it, unless the object is immutable", () => {
    const kind = { apiVersion: "v1", kind: "ConfigMap" };
    const mutable = { ...settings, enableConfigMapMutable: true };
    expect(fixedFields(kind, {}, mutable)(["data", "a"])).toBe(false);
    expect(fixedFields(kind, { immutable: true }, mutable)(["data", "a"])).toBe(true);
    expect(fixedFields(kind, { immutable: true }, mutable)(["immutable"])).toBe(true);
    expect(fixedFields({ apiVersion: "v1", kind: "Secret" }, {}, mutable)(["data", "a"])).toBe(true);
  });
});

describe("the server's own word", () => {
  const refusal = (field: string, message: string, status = 422) =>
    new ApiError(status, { details: { causes: [{ field, message, reason: "FieldValueInvalid" }] } }, "PATCH", "/x");

  test.each([
    ["spec.clusterIPs[0]", "Invalid value: []string(nil): may not change once set"],
    ["spec", "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"],
    ["spec.attachRequired", "Invalid value: true: field is immutable"],
    ["spec", "Forbidden: spec is immutable after creation except resources.requests"],
  ])("on %s replaces: %s", (field, message) => {
    expect(fixedByServer(refusal(field, message))).toEqual([parsePath(field)]);
  });

  test("on a wrong value does not replace", () => {
    expect(fixedByServer(refusal("spec.replicas", "must be greater than or equal to 0"))).toBeUndefined();
    expect(fixedByServer(refusal("spec", "field is immutable", 409))).toBeUndefined();
  });

  test("under a name the API does not have touches what lies around it", () => {
    const found = changes({ spec: { attachRequired: true }, a: 1 }, { spec: { attachRequired: false }, a: 2 });
    expect(text(nearest(found, [["spec", "attachedRequired"]]))).toEqual(["update spec.attachRequired"]);
    expect(text(nearest(found, [["a"]]))).toEqual(["update a"]);
  });

  test("touches changes at, above and below the field", () => {
    const found = changes({ spec: { a: { b: 1 }, c: 1 } }, { spec: { a: { b: 2 }, c: 2 } });
    expect(text(touching(found, [["spec", "a"]]))).toEqual(["update spec.a.b"]);
    expect(text(touching(found, [["spec"]]))).toEqual(["update spec.a.b", "update spec.c"]);
  });
});
