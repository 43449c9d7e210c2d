// Cluster: everything that runs in the cluster for itself.

import { dns } from "./dns";
import type { SystemImageName } from "./images";
import type { Layout } from "./layout";
import { metrics } from "./metrics";
import { POLICIES_USER } from "./node-services";
import { type KubeObject, mayDo } from "./objects";
import { storage } from "./storage";

/** The objects, in an order in which each finds what it refers to. */
export function systemObjects(image: (name: SystemImageName) => string, layout: Layout): KubeObject[] {
  return [
    ...mayDo(
      "network-policies",
      [
        { apiGroups: [""], resources: ["pods", "namespaces", "nodes"], verbs: ["get", "list", "watch"] },
        { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["get", "list", "watch"] },
      ],
      { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: POLICIES_USER },
    ),
    ...dns(image("coredns")),
    ...storage(image("local-path-provisioner"), image("helper"), layout.volumes),
    ...metrics(image("metrics-server"), layout.pki),
  ];
}
