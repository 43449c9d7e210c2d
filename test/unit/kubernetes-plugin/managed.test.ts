import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/kubernetes/json";
import { asInputs, asWritten, atManagedPath, inOwnWords, managedFields } from "../../../src/kubernetes/managed";
import { isShownHandiwork, programConflict } from "../../../toolchain/kubernetes-plugin/conflict";
import { drifted } from "../../../toolchain/kubernetes-plugin/read";

const web = 'k:{"name":"web"}';
const port = (number: number, protocol: string) => `k:{"containerPort":${number},"protocol":"${protocol}"}`;
const fields = {
  "f:spec": {
    "f:replicas": {},
    "f:args": {},
    "f:finalizers": { 'v:"a"': {}, 'v:"b"': {} },
    "f:containers": {
      [web]: { "f:name": {}, "f:image": {}, "f:ports": { [port(53, "TCP")]: {}, [port(53, "UDP")]: {} } },
      'k:{"name":"proxy"}': {},
    },
  },
};
const written: JsonObject = {
  spec: {
    replicas: 2,
    args: ["a"],
    finalizers: ["a", "b"],
    containers: [{ name: "web", image: "i", ports: [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }] }],
  },
};
const live = {
  spec: {
    replicas: 2,
    args: ["a"],
    finalizers: ["b", "c", "a"],
    containers: [
      { name: "proxy", image: "injected" },
      {
        name: "web",
        image: "i",
        imagePullPolicy: "Always",
        ports: [
          { containerPort: 53, protocol: "UDP" },
          { containerPort: 53, protocol: "TCP" },
        ],
      },
    ],
    defaulted: true,
  },
  status: {},
};

describe("the live object, in the shape of the program", () => {
  test("leaves out defaults, and elements others put into lists with keys, wherever they stand", () => {
    expect(asWritten(live as unknown as JsonObject, written, fields)).toEqual(written);
  });

  test("shows what moved: values, elements that are gone, and all of a list without keys", () => {
    const moved = structuredClone(live);
    moved.spec.replicas = 5;
    moved.spec.args = ["a", "--debug"];
    moved.spec.containers = [{ name: "proxy", image: "injected" }];
    expect(asWritten(moved as unknown as JsonObject, written, fields)).toEqual({
      spec: { replicas: 5, args: ["a", "--debug"], finalizers: ["a", "b"], containers: [] },
    });
  });

  test("never says what the program does not speak of", () => {
    const object = fc.object({ maxDepth: 3, values: [fc.integer(), fc.string()] }) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(object, object, (liveObject, program) => {
        const shown = asWritten(liveObject, program, {});
        for (const key of Object.keys(shown as JsonObject)) expect(Object.keys(program)).toContain(key);
      }),
    );
    fc.assert(
      fc.property(object, program => {
        expect(asWritten(program, program, {})).toEqual(program);
      }),
    );
  });
});

test("the program's own words stay where nothing moved", () => {
  expect(inOwnWords({ cpu: "1000m", n: 1 }, { cpu: "1", n: 1 }, { cpu: "1", n: 2 })).toEqual({ cpu: "1000m", n: 2 });
  expect(inOwnWords(["1000m", "b"], ["1", "b"], ["1", "c"])).toEqual(["1000m", "c"]);
  const any = fc.jsonValue() as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(any, any, (word, value) => {
      expect(inOwnWords(word, value, value)).toBe(word);
    }),
  );
});

test("drift in a Secret given as text is shown as text", () => {
  const b64 = (text: string) => Buffer.from(text).toString("base64");
  const inputs = { apiVersion: "v1", kind: "Secret", stringData: { password: "old", kept: "k" } };
  const recorded = { apiVersion: "v1", kind: "Secret", data: { password: b64("old"), kept: b64("k") } };
  const now = { apiVersion: "v1", kind: "Secret", data: { password: b64("new"), kept: b64("k"), other: b64("o") } };
  expect(drifted(inputs, recorded, now)).toEqual({ ...inputs, stringData: { password: "new", kept: "k" } });
  expect(drifted(inputs, recorded, recorded)).toEqual(inputs);
});

test("an object that was never seen becomes inputs without what only the server writes", () => {
  const metadata = { name: "a", uid: "u", resourceVersion: "1", managedFields: [], generation: 2, labels: { a: "b" } };
  expect(asInputs({ apiVersion: "v1", kind: "X", metadata, spec: { a: 1 }, status: { b: 1 } })).toEqual({
    apiVersion: "v1",
    kind: "X",
    metadata: { name: "a", labels: { a: "b" } },
    spec: { a: 1 },
  });
});

test("paths of conflicts lead to their values", () => {
  const object = {
    metadata: { labels: { "app.kubernetes.io/name": "n", app: "a" } },
    spec: { containers: [{ name: "a.b", image: "i" }], list: ["x"] },
  };
  expect(atManagedPath(object, ".metadata.labels.app.kubernetes.io/name")).toBe("n");
  expect(atManagedPath(object, ".metadata.labels.app")).toBe("a");
  expect(atManagedPath(object, '.spec.containers[name="a.b"].image')).toBe("i");
  expect(atManagedPath(object, '.spec.containers[name="c"].image')).toBeUndefined();
  expect(atManagedPath(object, '.spec.list[="x"]')).toBe("x");
});

describe("what others own", () => {
  const claim = [{ field: ".spec.replicas", manager: "kubectl-edit" }];
  const liveBy = (manager: string, operation: string, replicas = 5) => ({
    spec: { replicas },
    metadata: { managedFields: [{ manager, operation, fieldsV1: { "f:spec": {} } }] },
  });

  test.each([
    ["kubectl-edit", "Update", 5, true],
    ["kubectl-edit", "Update", 6, false],
    ["kubectl-edit", "Apply", 5, false],
  ])("%s by %s, shown as 5 and now %d, is set back: %s", (manager, operation, now, expected) =>
    expect(isShownHandiwork(claim, liveBy(manager, operation, now), { spec: { replicas: 5 } })).toBe(expected),
  );

  test.each(["kube-controller-manager", "flux", "kubectl-client-side-apply"])("%s keeps what it set", manager => {
    const claims = [{ field: ".spec.replicas", manager }];
    expect(isShownHandiwork(claims, liveBy(manager, "Update"), { spec: { replicas: 5 } })).toBe(false);
  });

  test("is told with its owner and the ways out", () => {
    const place = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "prod", path: "" };
    const text = programConflict(place, claim);
    expect(text).toContain(".spec.replicas belongs to `kubectl-edit`");
    expect(text).toContain("kubectl get deployment.apps web -n prod -o yaml --show-managed-fields");
    expect(text).toContain("pulumi.com/patchForce");
  });

  test("is merged from all managers to tell lists apart", () => {
    const managed: JsonObject[] = [{ fieldsV1: { "f:a": { "f:b": {} } } }, { fieldsV1: { "f:a": { "f:c": {} } } }];
    expect(managedFields({ metadata: { managedFields: managed } })).toEqual({ "f:a": { "f:b": {}, "f:c": {} } });
  });
});
