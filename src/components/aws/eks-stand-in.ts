// AWS components: what EKS brings to every cluster, and a cluster that stands in for it has not. Pure (SA-9).
import type { KubernetesObject } from "../kubernetes/object";

/** Kind of the objects that give pods their security groups; a stand-in keeps them and does nothing with them. */
export const securityGroupPolicyDefinition: KubernetesObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "securitygrouppolicies.vpcresources.k8s.aws" },
  spec: {
    group: "vpcresources.k8s.aws",
    scope: "Namespaced",
    names: {
      kind: "SecurityGroupPolicy",
      listKind: "SecurityGroupPolicyList",
      plural: "securitygrouppolicies",
      singular: "securitygrouppolicy",
      shortNames: ["sgp"],
    },
    versions: [
      {
        name: "v1beta1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};
