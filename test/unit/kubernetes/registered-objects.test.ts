// PF-1, PF-7, SA-8: objects and Secrets as the engine gets them. Mocks throw on whatever is not announced.
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Authority } from "../../../src/components/kubernetes/certificate";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { registerObjects } from "../../../src/components/kubernetes/registered-objects";
import type { SecretPlan } from "../../../src/components/kubernetes/secret-plan";
import { missingSecrets } from "../../../src/components/kubernetes/secret-values";
import { only, type Registered, record } from "../record";

const namespace = "sample-dev";
const types = [
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:Secret",
  "kubernetes:core/v1:Service",
  "kubernetes:apps/v1:Deployment",
  "kubernetes:traefik.io/v1alpha1:Middleware",
  "random:index/randomPassword:RandomPassword",
  "pulumi-nodejs:dynamic:Resource",
];
const outputs = {
  "random:index/randomPassword:RandomPassword": (_: unknown, name: string) => ({ result: `made-for-${name}` }),
  "pulumi-nodejs:dynamic:Resource": (_: unknown, name: string) => ({
    certificate: `certificate of ${name}`,
    key: `key of ${name}`,
    notAfter: "2030-01-01T00:00:00.000Z",
  }),
};
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

const objects: KubernetesObject[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "api", namespace, annotations: { own: "kept" } },
    spec: {
      template: {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ env: [{ name: "T", valueFrom: { secretKeyRef: { name: "token", key: "value" } } }] }] },
      },
    },
  },
  { apiVersion: "v1", kind: "Service", metadata: { name: "api", namespace }, spec: {} },
  { apiVersion: "traefik.io/v1alpha1", kind: "Middleware", metadata: { name: "body", namespace }, spec: {} },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
];
const plan = (name: string, keys: SecretPlan["keys"], more: Partial<SecretPlan> = {}): SecretPlan => ({
  name,
  namespace,
  labels: {},
  keys,
  ...more,
});
const token = plan("token", { value: { kind: "supplied", variable: "TOKEN", description: "Token of the bot." } });
const salt = plan("salt", { value: { kind: "generated", length: 32 } });
const copy = plan("copy", { other: { kind: "copy", secret: "salt", key: "value" } });
const tls = plan(
  "tls-api",
  { "tls.crt": { kind: "certificate" }, "tls.key": { kind: "key" }, "ca.crt": { kind: "authority" } },
  { type: "kubernetes.io/tls", certificate: { commonName: "api", dnsNames: ["api"], usages: ["server"] } },
);

function build(
  secrets: SecretPlan[],
  supplied: Record<string, string> = { TOKEN: "hunter2" },
  of = objects,
  announced = types,
) {
  return record({ types: announced, outputs }, () => {
    const parent = new pulumi.ComponentResource("palisade:unit:Parent", "parent");
    const authorities = {
      workload: new Authority("own", { commonName: "own" }),
      platform: new Authority("platform", { commonName: "platform" }),
    };
    registerObjects("sample-dev", { objects: of, secrets, supplied, authorities }, parent);
  });
}
/** What the engine gets: all values in one secret. */
function secretNamed(all: Registered[], name: string) {
  const { type, data } = only(all, "kubernetes:core/v1:Secret", `sample-dev-${name}`).inputs as {
    type: string;
    data: { value: Record<string, string> };
  };
  expect(data).toMatchObject(secretMark);
  const clear = Object.entries(data.value).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]);
  return { type, data: Object.fromEntries(clear) };
}

test("names derive from the component and the object, kinds without a class are custom ones", async () => {
  const all = await build([token]);
  const names = all.filter(r => r.type.startsWith("kubernetes:")).map(r => [r.type, r.name]);
  expect(new Map(names as [string, string][])).toEqual(
    new Map([
      ["kubernetes:core/v1:Namespace", "sample-dev-namespace-sample-dev"],
      ["kubernetes:core/v1:Secret", "sample-dev-token"],
      ["kubernetes:apps/v1:Deployment", "sample-dev-deployment-api"],
      ["kubernetes:core/v1:Service", "sample-dev-service-api"],
      ["kubernetes:traefik.io/v1alpha1:Middleware", "sample-dev-middleware-body"],
    ]),
  );
  expect(names).toHaveLength(5);
});

test("each object says that the platform takes its fields back; a Service is not waited for", async () => {
  const all = await build([token]);
  expect(only(all, "kubernetes:apps/v1:Deployment").inputs.metadata).toMatchObject({
    annotations: { own: "kept", "pulumi.com/patchForce": "true" },
  });
  expect(only(all, "kubernetes:core/v1:Service").inputs.metadata).toMatchObject({
    annotations: { "pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true" },
  });
});

test("pods alone wait for what must stand before them", async () => {
  // Made only once the Service is there: it must not wait for it in turn.
  let open = () => {};
  const isOpen = new Promise<string>(resolve => {
    open = () => resolve("open");
  });
  const service = "kubernetes:core/v1:Service";
  const opening = {
    ...outputs,
    [service]: () => {
      open();
      return {};
    },
  };
  const all = await record({ types: [...types, "kubernetes:core/v1:ConfigMap"], outputs: opening }, () => {
    const parent = new pulumi.ComponentResource("palisade:unit:Parent", "parent");
    const gate = new ConfigMap("gate", { data: { state: isOpen } });
    const authority = new Authority("own", { commonName: "own" });
    const authorities = { workload: authority, platform: authority };
    const args = { objects, secrets: [token], supplied: { TOKEN: "hunter2" }, authorities, beforePods: [gate] };
    registerObjects("sample-dev", args, parent);
  });
  const order = all.map(({ type }) => type);
  expect(order.indexOf(service)).toBeLessThan(order.indexOf("kubernetes:core/v1:ConfigMap"));
  expect(order.indexOf("kubernetes:core/v1:ConfigMap")).toBeLessThan(order.indexOf("kubernetes:apps/v1:Deployment"));
});

test("what nothing waits for comes after the Secrets; what pods read, and what bounds them, does not wait", async () => {
  const at = (kind: string, name: string, apiVersion = "v1"): KubernetesObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...(kind === "ConfigMap" && { data: {} }),
  });
  const reading: KubernetesObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "reader", namespace },
    spec: { template: { spec: { volumes: [{ name: "read", configMap: { name: "read" } }] } } },
  };
  const added = [
    at("PodDisruptionBudget", "api", "policy/v1"),
    at("ConfigMap", "dashboard"),
    at("ConfigMap", "read"),
    at("ResourceQuota", "bounds"),
    reading,
  ];
  const kinds = ["policy/v1:PodDisruptionBudget", "core/v1:ConfigMap", "core/v1:ResourceQuota"];
  const announced = [...types, ...kinds.map(kind => `kubernetes:${kind}`)];
  const all = await build([salt], {}, [...objects, ...added], announced);
  const order = all.map(({ name }) => name);
  const secret = order.indexOf("sample-dev-salt");
  for (const late of ["poddisruptionbudget-api", "configmap-dashboard"])
    expect(order.indexOf(`sample-dev-${late}`)).toBeGreaterThan(secret);
  for (const early of ["configmap-read", "resourcequota-bounds"])
    expect(order.slice(0, secret)).toContain(`sample-dev-${early}`);
});

describe("values", () => {
  test("reach the engine as secrets, whatever made them", async () => {
    const all = await build([token, salt, copy, tls]);
    expect(secretNamed(all, "token").data.value).toBe("hunter2");
    expect(secretNamed(all, "copy").data.other).toBe("made-for-sample-dev-salt-value");
    const { type, data } = secretNamed(all, "tls-api");
    expect(type).toBe("kubernetes.io/tls");
    expect(data).toEqual({
      "tls.crt": "certificate of sample-dev-tls-api",
      "tls.key": "key of sample-dev-tls-api",
      "ca.crt": "certificate of own",
    });
  });

  test("composed of others, where only the names in braces are replaced", async () => {
    const text = '{"accounts":[{"key":"{salt}","other":"{kept}"}]}';
    const composed = plan("users", {
      "users.json": { kind: "composed", text, values: { salt: { secret: "salt", key: "value" } } },
    });
    const all = await build([token, salt, composed]);
    expect(secretNamed(all, "users").data["users.json"]).toBe(text.replace("{salt}", "made-for-sample-dev-salt-value"));
  });

  test("of the platform's authority, where a plan says so", async () => {
    const shipped = {
      ...tls,
      certificate: { commonName: "a", dnsNames: [], usages: [], authority: "platform" as const },
    };
    const all = await build([token, shipped]);
    expect(secretNamed(all, "tls-api").data["ca.crt"]).toBe("certificate of platform");
  });

  test("are in no other object, not even as a hash of their own", async () => {
    const rest = (await build([token])).filter(r => r.type !== "kubernetes:core/v1:Secret");
    expect(JSON.stringify(rest)).not.toContain("hunter2");
    expect(JSON.stringify(rest)).not.toContain(Buffer.from("hunter2").toString("base64"));
  });

  test("that change replace the pods that use them, and no others", async () => {
    const sum = async (value: string) => {
      const all = await build([token, salt], { TOKEN: value });
      const { spec } = only(all, "kubernetes:apps/v1:Deployment").inputs as {
        spec: { template: { metadata: { annotations: Record<string, string> } } };
      };
      return spec.template.metadata.annotations;
    };
    const [first, again, changed] = [await sum("a"), await sum("a"), await sum("b")];
    expect(first["palisade.dev/secrets"]).toMatch(/^[0-9a-f]{32}$/);
    expect(again).toEqual(first);
    expect(changed).not.toEqual(first);
  });
});

describe("what cannot be made is refused by name", () => {
  test.each([
    [[token], {}, "Secret `token` asks for `TOKEN`, which is not supplied"],
    [[plan("a", { k: { kind: "copy", secret: "none", key: "k" } })], {}, "no Secret `none`"],
    [[salt, plan("a", { k: { kind: "copy", secret: "salt", key: "no" } })], {}, "Secret `salt` has no key `no`"],
    [
      [
        plan("a", { k: { kind: "copy", secret: "b", key: "k" } }),
        plan("b", { k: { kind: "copy", secret: "a", key: "k" } }),
      ],
      {},
      "lead in a circle",
    ],
    [[plan("a", { k: { kind: "key" } })], {}, "does not describe"],
  ])("%#", async (secrets, supplied, message) => {
    await expect(build(secrets as SecretPlan[], supplied)).rejects.toThrow(message);
  });

  test("objects that wait for each other", async () => {
    const circle = [
      {
        apiVersion: "v1",
        kind: "RoleBinding",
        metadata: { name: "a", namespace },
        roleRef: { kind: "RoleBinding", name: "a" },
      },
    ];
    await expect(build([], {}, circle)).rejects.toThrow("objects wait in a circle");
  });
});

test("missing secrets are listed once each, with what they are for", () => {
  expect(missingSecrets([token, { ...token, name: "again" }, salt], {})).toEqual([
    { variable: "TOKEN", description: "Token of the bot." },
  ]);
  expect(missingSecrets([token], { TOKEN: "x" })).toEqual([]);
});
