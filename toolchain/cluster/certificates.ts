// Cluster: its keys and certificates, made anew for each cluster by the node program and gone with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { API_SERVICE, CLUSTER_DOMAIN, NODE_ADDRESS, NODE_NAME } from "./addresses";

/** Longer than any cluster of this kind lives. */
const DAYS = 365;

/** What `node certificates` is to write into `directory`. */
export function certificateRequest(directory: string) {
  const client = (name: string, commonName: string, ...organization: string[]) => ({
    name,
    authority: "ca",
    commonName,
    organization,
  });
  const api = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${CLUSTER_DOMAIN}`,
  ];
  return {
    directory,
    days: DAYS,
    authorities: ["ca", "front-proxy-ca", "etcd-ca"],
    issue: [
      {
        ...client("apiserver", "kube-apiserver"),
        names: [...api, "localhost", "127.0.0.1", NODE_ADDRESS, API_SERVICE],
      },
      { ...client("etcd", "etcd"), authority: "etcd-ca", names: ["localhost", "127.0.0.1"] },
      { ...client("etcd-client", "kube-apiserver"), authority: "etcd-ca" },
      { ...client("front-proxy-client", "front-proxy-client"), authority: "front-proxy-ca" },
      { ...client("kubelet-server", NODE_NAME), names: [NODE_NAME, NODE_ADDRESS] },
      { ...client("metrics-server", "metrics-server"), names: ["metrics-server.kube-system.svc"] },
      client("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
      client("admin", "palisade-admin", "system:masters"),
      client("kubelet", `system:node:${NODE_NAME}`, "system:nodes"),
      client("kube-controller-manager", "system:kube-controller-manager"),
      client("kube-scheduler", "system:kube-scheduler"),
      client("kube-proxy", "system:kube-proxy"),
    ],
    keyPairs: ["service-accounts"],
  };
}

/** A kubeconfig for one of the client certificates, everything inside it. */
export function kubeconfig(pki: string, client: string, server: string): string {
  const inside = (file: string) => readFileSync(join(pki, file)).toString("base64");
  return JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "palisade",
      contexts: [{ name: "palisade", context: { cluster: "palisade", user: client } }],
      clusters: [{ name: "palisade", cluster: { server, "certificate-authority-data": inside("ca.crt") } }],
      users: [
        {
          name: client,
          user: { "client-certificate-data": inside(`${client}.crt`), "client-key-data": inside(`${client}.key`) },
        },
      ],
    },
    undefined,
    2,
  );
}
