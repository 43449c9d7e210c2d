// SA-13, RT-16: what an installer may do is derived from what it installs, and is no more.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { accessesOf, accessText, neededAccess } from "../../../src/onprem/grant/access";
import { grantObjects, grantText } from "../../../src/onprem/grant/grant";
import { resourceNameOf } from "../../../src/onprem/grant/resource-name";
import { belongsToGrant, clusterRules, type Granting, rulesIn } from "../../../src/onprem/grant/rules";
import { subjectOf } from "../../../src/onprem/grant/subject";
import { exampleRelease } from "./release";

const spaces = ["palisade-prod", "a", "b"];
const object: fc.Arbitrary<KubernetesObject> = fc
  .record({
    type: fc.constantFrom<string[]>(
      ["v1", "ConfigMap"],
      ["apps/v1", "Deployment"],
      ["apps/v1", "StatefulSet"],
      ["networking.k8s.io/v1", "NetworkPolicy"],
      ["networking.k8s.io/v1", "Ingress"],
      ["rbac.authorization.k8s.io/v1", "Role"],
      ["rbac.authorization.k8s.io/v1", "RoleBinding"],
      ["traefik.io/v1alpha1", "Middleware"],
      ["v1", "Namespace"],
      ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
    ),
    name: fc.stringMatching(/^[a-z]{1,8}$/),
    namespace: fc.constantFrom(...spaces),
  })
  .map(({ type: [apiVersion = "", kind = ""], name, namespace }) => {
    const isWhole = kind === "Namespace" || kind.startsWith("Validating");
    return { apiVersion, kind, metadata: { name, ...(!isWhole && { namespace }) } };
  });
const release = fc
  .array(object, { maxLength: 20 })
  .map((objects): Granting => ({ platformNamespace: "palisade-prod", objects, secrets: [], endpoints: [] }));

describe("rules", () => {
  test("allow applying and deleting all that is not an administrator's, in its namespace and in no other", () => {
    fc.assert(
      fc.property(release, given => {
        const accesses = neededAccess(given);
        for (const each of given.objects.filter(one => !belongsToGrant(one))) {
          const { group, resource } = resourceNameOf(each);
          for (const verb of ["get", "create", "patch", "delete"])
            expect(accesses).toContainEqual({
              namespace: each.metadata.namespace,
              group,
              resource,
              subresource: "",
              verb,
              name: "",
            });
        }
        const used = new Set([
          "palisade-prod",
          ...given.objects.map(({ kind, metadata }) => (kind === "Namespace" ? metadata.name : metadata.namespace)),
        ]);
        expect(accesses.every(({ namespace }) => namespace === "" || used.has(namespace))).toBe(true);
      }),
    );
  });

  test("never hold a wildcard, a right to hand out rights, or one outside the namespaces but to look at what is named", () => {
    fc.assert(
      fc.property(release, given => {
        const inside = spaces.flatMap(namespace => rulesIn(namespace, given));
        for (const rule of [...inside, ...clusterRules(given)]) {
          expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain("*");
          for (const verb of ["escalate", "bind", "impersonate", "deletecollection"])
            expect(rule.verbs).not.toContain(verb);
          if (rule.apiGroups.includes("rbac.authorization.k8s.io")) expect(rule.verbs).toEqual(["get"]);
          if (rule.resources.includes("secrets")) expect(rule.verbs).not.toContain("list");
        }
        for (const rule of clusterRules(given)) {
          expect(rule.verbs).toEqual(["get"]);
          expect(rule.resourceNames?.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("of the example stack are these in one namespace", () => {
    const { platformNamespace, objects, secrets, endpoints } = exampleRelease();
    const rules = rulesIn("router-prod", { platformNamespace, objects, secrets, endpoints });
    const texts = rules.flatMap(rule => accessesOf(rule, "")).map(accessText);
    expect(texts).toContain("patch deployments.apps");
    expect(texts).toContain("patch leases.coordination.k8s.io");
    expect(texts).not.toContain("create roles.rbac.authorization.k8s.io");
    expect(texts.some(text => text.includes("pods/exec") || text.includes("nodes"))).toBe(false);
  });
});

test("the grant names namespaces before what lies in them, and is the same text each time", () => {
  const { platformNamespace, objects, secrets, endpoints } = exampleRelease();
  const given = { platformNamespace, objects, secrets, endpoints };
  const made = grantObjects(given);
  const at = (kind: string, name: string) => made.findIndex(each => each.kind === kind && each.metadata.name === name);
  for (const each of made)
    if (each.metadata.namespace) expect(at("Namespace", each.metadata.namespace)).toBeLessThan(made.indexOf(each));
  expect(grantText(given)).toBe(grantText(given));
  expect(grantText(given)).not.toMatch(/kind: (Secret|Deployment)\n/);
});

describe("with releases before", () => {
  const named = (apiVersion: string, kind: string, namespace: string): KubernetesObject => ({
    ...{ apiVersion, kind, metadata: { name: "x", namespace } },
  });
  const given = {
    platformNamespace: "palisade-prod",
    objects: [named("v1", "ConfigMap", "a")],
    secrets: [],
    endpoints: [],
  };
  const earlier = [
    named("batch/v1", "CronJob", "a"),
    named("apps/v1", "Deployment", "b"),
    { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "x" } },
  ];
  const rulesOf = (namespace: string | undefined, kind: string) =>
    grantObjects(given, { earlier })
      .filter(each => each.kind === kind && each.metadata.namespace === namespace)
      .flatMap(each => each.rules as Parameters<typeof accessesOf>[0][])
      .flatMap(rule => accessesOf(rule, ""))
      .map(accessText);

  test("what only they have can be removed, in namespaces too that the release has not", () => {
    expect(rulesOf("a", "Role")).toContain("delete cronjobs.batch");
    expect(rulesOf("b", "Role")).toContain("delete deployments.apps");
    expect(rulesOf("b", "Role")).not.toContain("delete cronjobs.batch");
    expect(rulesOf(undefined, "ClusterRole")).toContain("get runtimeclasses.node.k8s.io x");
    // What they hand out, or is of the whole cluster, is not made again.
    expect(grantObjects(given, { earlier }).map(({ kind }) => kind)).not.toContain("RuntimeClass");
  });

  test("a note is a comment, and the rest is the same", () => {
    expect(grantText(given, { note: "as it is" })).toBe(`# as it is\n${grantText(given)}`);
  });
});

test("who stands in the grant is somebody, and not everybody", () => {
  expect(subjectOf("jane@example.com")).toEqual({
    kind: "User",
    apiGroup: "rbac.authorization.k8s.io",
    name: "jane@example.com",
  });
  expect(subjectOf("group:operators")).toMatchObject({ kind: "Group", name: "operators" });
  expect(subjectOf("system:serviceaccount:a:b")).toEqual({ kind: "ServiceAccount", namespace: "a", name: "b" });
  for (const bad of [
    "",
    "a\nb",
    "system:serviceaccount:A:b",
    "group:system:authenticated",
    "system:anonymous",
    "x".repeat(600),
  ])
    expect(() => subjectOf(bad)).toThrow(/Allowed:|a grant is for/);
});
