// Tests: two versions of a release of small objects, which an API server without nodes takes and finds ready.
import type { KubernetesObject } from "../../src/components/kubernetes/object";
import { labelsOf } from "../../src/components/kubernetes/object";
import type { Target } from "../../src/onprem/install/parts";

export const platformOf = (place: string): string => `${place}-platform`;
export const namespaceOf = (place: string): string => `${place}-shop`;

export function releaseOf(place: string, version: string): Target {
  const [platformNamespace, namespace] = [platformOf(place), namespaceOf(place)];
  const labels = labelsOf("shop", "web");
  const named = (apiVersion: string, kind: string, name: string, rest: object = {}): KubernetesObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace, labels },
    ...rest,
  });
  const isFirst = version === "1.0.0";
  const selector = { "app.kubernetes.io/name": "web" };
  return {
    ...{ stack: "shop", environment: "test", version, buildSha: (isFirst ? "a" : "b").repeat(40) },
    ...{ indexDigest: `sha256:${"0".repeat(64)}`, registry: "registry.test", values: "", platformNamespace },
    objects: [
      ...[platformNamespace, namespace].map(name => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels },
      })),
      // Of the whole cluster, and changed with the version.
      {
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name: `${place}-shop`, labels, annotations: { "test/version": version } },
        value: 1_000,
      },
      // A right that whoever installs does not hold: it is handed out by an administrator.
      named("rbac.authorization.k8s.io/v1", "Role", "reader", {
        rules: [{ apiGroups: ["approvals.test"], resources: ["approvals"], verbs: ["create"] }],
      }),
      named("rbac.authorization.k8s.io/v1", "RoleBinding", "reader", {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "approvers" }],
      }),
      named("v1", "ServiceAccount", "web"),
      named("v1", "ConfigMap", isFirst ? "old" : "new", { data: { version } }),
      named("v1", "ConfigMap", "settings", { data: { version } }),
      named("apps/v1", "Deployment", "web", {
        spec: {
          replicas: 0,
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: selector },
            spec: {
              serviceAccountName: "web",
              containers: [
                { name: "web", image: `registry.test/web:${version}`, envFrom: [{ secretRef: { name: "keys" } }] },
              ],
            },
          },
        },
      }),
      named("v1", "PersistentVolumeClaim", "data", {
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      }),
    ],
    secrets: [{ name: "keys", namespace, labels, keys: { TOKEN: { kind: "generated", length: 24 } } }],
    given: {},
    endpoints: [],
  };
}
