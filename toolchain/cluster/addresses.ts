// Cluster: the addresses and names inside a cluster. Each cluster has a network of its own, so all clusters use the same.

/** Ranges that network policies and tests may name. */
export const RANGES = { pods: "10.244.0.0/24", services: "10.96.0.0/16", node: "172.30.0.0/24" } as const;

export const NODE_NAME = "palisade-node";
export const NODE_ADDRESS = "172.30.0.2";
/** Of the Service `kubernetes`: the first of the range. */
export const API_SERVICE = "10.96.0.1";
/** Of the Service `kube-dns`. */
export const DNS_SERVICE = "10.96.0.10";
export const CLUSTER_DOMAIN = "cluster.local";

export const API_PORT = 6443;
export const REGISTRY_PORT = 5000;
/** Name by which image references call the registry. */
export const REGISTRY_NAME = `registry.palisade.test:${REGISTRY_PORT}`;
