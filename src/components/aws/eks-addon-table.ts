// AWS components: the add-ons of an EKS cluster, their versions and what they are told. Pure data (SA-9, SA-13, RT-6, RT-23).

export interface AddonSpec {
  name: string;
  /** Of EKS's build for `kubernetesVersion`. */
  version: string;
  configuration?: Record<string, unknown>;
  /** Before the nodes: without it they never become ready. */
  beforeNodes?: boolean;
}

/** Pods of a service have security groups of their own, by interfaces of their own on the node's trunk. */
const network = {
  // Enforces NetworkPolicies, with eBPF on each node (SA-9).
  enableNetworkPolicy: "true",
  env: {
    ENABLE_POD_ENI: "true",
    // Security groups and NetworkPolicies, both: `strict` would pass the latter by.
    POD_SECURITY_GROUP_ENFORCING_MODE: "standard",
    // Pods leave under their own address, so that what they reach sees their group and not the node's.
    AWS_VPC_K8S_CNI_EXTERNALSNAT: "true",
  },
};

export const addonTable = {
  "vpc-cni": { name: "vpc-cni", version: "v1.20.2-eksbuild.1", configuration: network, beforeNodes: true },
  "kube-proxy": { name: "kube-proxy", version: "v1.33.3-eksbuild.6", beforeNodes: true },
  "pod-identity": { name: "eks-pod-identity-agent", version: "v1.3.8-eksbuild.2", beforeNodes: true },
  coredns: { name: "coredns", version: "v1.12.4-eksbuild.1" },
  // What autoscaling by CPU asks (RT-6).
  "metrics-server": { name: "metrics-server", version: "v0.8.0-eksbuild.2" },
  // File systems (IS-3).
  efs: { name: "aws-efs-csi-driver", version: "v2.1.11-eksbuild.1" },
  // Logs and container metrics to CloudWatch (RT-23, CP-4).
  observability: { name: "amazon-cloudwatch-observability", version: "v4.4.0-eksbuild.1" },
} as const satisfies Record<string, AddonSpec>;

/** Service accounts of the add-ons that call AWS. */
export const addonAccounts = {
  network: "aws-node",
  files: "efs-csi-node-sa",
  observability: "cloudwatch-agent",
} as const;
