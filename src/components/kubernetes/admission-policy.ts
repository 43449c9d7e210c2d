// Kubernetes components: a policy of the API server, which refuses in one namespace what RBAC cannot (CP-11, IS-9). Pure.
import type { KubernetesObject } from "./object";

export interface AdmissionPolicy {
  /** Of both its objects, which belong to the whole cluster. */
  name: string;
  labels: Record<string, string>;
  /** The one namespace it holds in. */
  namespace: string;
  /** Resources of the core group, and what is done with them. */
  rule: { resources: string[]; operations: string[] };
  /** In CEL: requests it is about; all unless given. */
  matchConditions?: { name: string; expression: string }[];
  /** In CEL: what must hold, and what whoever is refused is told. */
  validations: { expression: string; message: string; reason?: "Forbidden" }[];
}

/** The policy and its binding. What cannot be judged is refused. */
export function admissionPolicy(of: AdmissionPolicy): KubernetesObject[] {
  const { name, labels, namespace, rule, matchConditions, validations } = of;
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name, labels },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], ...rule }] },
        ...(matchConditions && { matchConditions }),
        validations,
      },
    },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name, labels },
      spec: {
        policyName: name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
      },
    },
  ];
}
