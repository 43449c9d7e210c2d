// Cluster: the versions of its parts. Those built from Go modules are held by the go.sum beside each; a test compares.

/** Kubernetes: control plane, kubelet, kube-proxy and kubectl. */
export const KUBERNETES_VERSION = "1.33.0";
