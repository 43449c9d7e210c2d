// PF-1: what an object needs is there before it. Tables of what pods name, and an order without circles for every system.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyOrder } from "../../../src/components/kubernetes/apply-order";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { referencesOf } from "../../../src/components/kubernetes/references";

const namespace = "sample-dev";
const object = (kind: string, name: string, more: Record<string, unknown> = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind,
  metadata: kind === "Namespace" ? { name } : { name, namespace },
  ...more,
});
const pods = (name: string, spec: Record<string, unknown>, kind = "Deployment") =>
  object(kind, name, { spec: { template: { spec } } });
const waits = (all: KubernetesObject[], key: string, secrets: { name: string; namespace: string }[] = []) =>
  applyOrder(all, secrets).get(key) ?? [];

describe("pods wait for what they name", () => {
  test.each([
    [{ volumes: [{ name: "v", secret: { secretName: "x" } }] }, "Secret", "x"],
    [{ volumes: [{ name: "v", projected: { sources: [{ secret: { name: "x" } }] } }] }, "Secret", "x"],
    [{ containers: [{ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "x", key: "k" } } }] }] }, "Secret", "x"],
    [{ initContainers: [{ envFrom: [{ secretRef: { name: "x" } }] }] }, "Secret", "x"],
    [{ imagePullSecrets: [{ name: "x" }] }, "Secret", "x"],
    [{ volumes: [{ name: "v", configMap: { name: "x" } }] }, "ConfigMap", "x"],
    [{ volumes: [{ name: "v", persistentVolumeClaim: { claimName: "x" } }] }, "PersistentVolumeClaim", "x"],
    [{ serviceAccountName: "x" }, "ServiceAccount", "x"],
  ])("%j", (spec, kind, name) => {
    expect(referencesOf(pods("a", spec))).toEqual([{ kind, name }]);
    const beside = kind === "Secret" ? [] : [object(kind, name)];
    const secrets = kind === "Secret" ? [{ name, namespace }] : [];
    expect(waits([pods("a", spec), ...beside], `Deployment ${namespace}/a`, secrets)).toContain(
      `${kind} ${namespace}/${name}`,
    );
  });

  test("and not for what others make, which the stack does not know", () => {
    expect(waits([pods("a", { serviceAccountName: "default" })], `Deployment ${namespace}/a`)).toEqual([]);
  });
});

test("everything waits for its namespace, pods for what bounds them", () => {
  const all = [
    pods("a", {}),
    object("Namespace", namespace),
    object("NetworkPolicy", "default-deny"),
    object("ResourceQuota", "bounds"),
    object("Service", "a"),
  ];
  expect(waits(all, `Service ${namespace}/a`)).toEqual([`Namespace ${namespace}`]);
  expect(waits(all, `Deployment ${namespace}/a`).sort()).toEqual(
    [`Namespace ${namespace}`, `NetworkPolicy ${namespace}/default-deny`, `ResourceQuota ${namespace}/bounds`].sort(),
  );
});

describe("a store is ready before its clients (RT-4)", () => {
  const store = pods("postgres", {}, "StatefulSet");
  const client = (value: unknown) => pods("backend", { containers: [{ env: [{ name: "DB_HOST", value }] }] });

  test.each([
    [`postgres.${namespace}.svc`, true],
    [`https://postgres.${namespace}.svc:5432/x`, true],
    [`not-postgres.${namespace}.svc`, false],
    ["postgres.other-dev.svc", false],
    [{ isKnownLater: true }, false],
  ])("%j", (value, waiting) => {
    expect(waits([store, client(value)], `Deployment ${namespace}/backend`)).toEqual(
      waiting ? [`StatefulSet ${namespace}/postgres`] : [],
    );
  });

  test("and never after them, whatever it is told of them", () => {
    const told = pods("postgres", { containers: [{ env: [{ name: "C", value: `queue.${namespace}.svc` }] }] });
    const queue = pods("queue", { containers: [{ env: [{ name: "C", value: `postgres.${namespace}.svc` }] }] });
    expect(waits([told, queue], `Deployment ${namespace}/postgres`)).toEqual([]);
    expect(waits([told, queue], `Deployment ${namespace}/queue`)).toEqual([]);
  });
});

test("bindings wait for their roles, claims for their class", () => {
  const all = [
    object("RoleBinding", "b", { roleRef: { kind: "Role", name: "r" } }),
    object("Role", "r"),
    object("PersistentVolumeClaim", "c", { spec: { storageClassName: "s" } }),
    { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "s" } },
  ];
  expect(waits(all, `RoleBinding ${namespace}/b`)).toEqual([`Role ${namespace}/r`]);
  expect(waits(all, `PersistentVolumeClaim ${namespace}/c`)).toEqual(["StorageClass s"]);
});

test("the order does not depend on the order the objects come in", () => {
  const all = [
    object("Namespace", namespace),
    object("NetworkPolicy", "p"),
    object("ConfigMap", "c"),
    pods("a", { volumes: [{ configMap: { name: "c" } }] }),
    pods("postgres", {}, "StatefulSet"),
    pods("b", { containers: [{ env: [{ name: "H", value: `postgres.${namespace}.svc` }] }] }),
  ];
  const sorted = (objects: KubernetesObject[]) =>
    [...applyOrder(objects)].map(([key, needed]) => [key, [...needed].sort()]).sort();
  void fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), shuffled => {
      expect(sorted(shuffled)).toEqual(sorted(all));
    }),
  );
});
