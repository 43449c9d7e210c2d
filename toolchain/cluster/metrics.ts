// Cluster: CPU and memory use of pods, without which no HorizontalPodAutoscaler scales.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type KubeObject, mayDo, serviceAccount, systemPod } from "./objects";

const name = "metrics-server";
const namespace = "kube-system";
const labels = { "k8s-app": name };

/** @param pki directory with the certificate that was issued for it, and the authority's */
export function metrics(image: string, pki: string): KubeObject[] {
  const file = (path: string) => readFileSync(join(pki, path)).toString("base64");
  const account = { kind: "ServiceAccount", name, namespace };
  return [
    ...serviceAccount(name, [
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
      { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    ]),
    ...mayDo(
      "pod-metrics-reader",
      [{ apiGroups: ["metrics.k8s.io"], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
      account,
    ),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "palisade:metrics-server-auth-reader", namespace },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Role",
        name: "extension-apiserver-authentication-reader",
      },
      subjects: [account],
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace },
      type: "kubernetes.io/tls",
      data: { "tls.crt": file("metrics-server.crt"), "tls.key": file("metrics-server.key") },
    },
    systemPod({
      name,
      labels,
      image,
      args: [
        "--secure-port=10250",
        "--tls-cert-file=/etc/tls/tls.crt",
        "--tls-private-key-file=/etc/tls/tls.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
      ],
      readiness: { path: "/livez", port: 10250, scheme: "HTTPS" },
      mounts: [{ path: "/etc/tls", volume: { secret: { secretName: name, defaultMode: 0o444 } } }],
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: { selector: labels, ports: [{ port: 443, targetPort: 10250 }] },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name, namespace },
        caBundle: file("ca.crt"),
      },
    },
  ];
}
