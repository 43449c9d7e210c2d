// Kubernetes components: who a pod is to the API server: nobody, unless it has rules; then with a token that soon ends (SA-13, RT-30).

import { readByGroup } from "./certificates";
import { type KubernetesObject, labelsOf } from "./object";
import type { PodParts, PolicyRule } from "./pod-parts";

export interface AccountInputs {
  workload: string;
  namespace: string;
  /** Name of the service: the account's too. */
  name: string;
  rules: readonly PolicyRule[];
}

/** Seconds that a token is good for; the kubelet renews it in time. */
const tokenSeconds = 3600;

const tokenVolume = "api-token";

/** An account for each service, with a Role only where there are rules. */
export function accountObjects({ workload, namespace, name, rules }: AccountInputs): KubernetesObject[] {
  const metadata = { name, namespace, labels: labelsOf(workload, name) };
  const account = { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false };
  if (rules.length === 0) return [account];
  const api = "rbac.authorization.k8s.io";
  return [
    account,
    { apiVersion: `${api}/v1`, kind: "Role", metadata, rules: [...rules] },
    {
      apiVersion: `${api}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: api, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

/** The token, the API server's authority and the namespace, where every client library looks for them. */
export function tokenParts(rules: readonly PolicyRule[]): Pick<PodParts, "volumes" | "mounts"> {
  if (rules.length === 0) return {};
  return {
    volumes: [
      {
        name: tokenVolume,
        projected: {
          defaultMode: readByGroup,
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: tokenSeconds } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ],
    mounts: [{ name: tokenVolume, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true }],
  };
}
