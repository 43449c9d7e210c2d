// Cluster: etcd and the control plane, as services of the node.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { API_PORT, NODE_ADDRESS, RANGES } from "./addresses";
import type { Layout } from "./layout";

/** A program that runs as long as the node; the node starts it again should it end. */
export interface Service {
  name: string;
  command: string[];
  env?: Record<string, string>;
  /** What must accept connections first, such as "tcp:127.0.0.1:2379" or "unix:/run/x.sock". */
  after?: string[];
}

export const API_READY = `tcp:${NODE_ADDRESS}:${API_PORT}`;

/**
 * etcd keeps its data in the node's memory: the cluster does not outlive the node, and a busy disk does not slow it.
 * Secrets are encrypted there all the same, as a cluster that is shipped to has to do.
 */
export function controlPlane(layout: Layout, kubernetes: string): Service[] {
  const pki = (file: string) => join(layout.pki, file);
  const config = (file: string) => join(layout.config, file);
  const etcd = "https://127.0.0.1:2379";
  return [
    {
      name: "etcd",
      command: [
        "etcd",
        "--name=palisade",
        "--data-dir=/var/lib/etcd",
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        "--listen-peer-urls=http://127.0.0.1:2380",
        `--cert-file=${pki("etcd.crt")}`,
        `--key-file=${pki("etcd.key")}`,
        "--client-cert-auth",
        `--trusted-ca-file=${pki("etcd-ca.crt")}`,
        "--log-level=warn",
      ],
    },
    {
      name: "kube-apiserver",
      after: ["tcp:127.0.0.1:2379"],
      command: [
        join(kubernetes, "kube-apiserver"),
        `--advertise-address=${NODE_ADDRESS}`,
        `--secure-port=${API_PORT}`,
        "--allow-privileged=true",
        "--anonymous-auth=true",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction,PodSecurity,ResourceQuota,LimitRanger",
        "--enable-aggregator-routing=true",
        `--etcd-servers=${etcd}`,
        `--etcd-cafile=${pki("etcd-ca.crt")}`,
        `--etcd-certfile=${pki("etcd-client.crt")}`,
        `--etcd-keyfile=${pki("etcd-client.key")}`,
        `--client-ca-file=${pki("ca.crt")}`,
        `--tls-cert-file=${pki("apiserver.crt")}`,
        `--tls-private-key-file=${pki("apiserver.key")}`,
        `--kubelet-certificate-authority=${pki("ca.crt")}`,
        `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
        `--kubelet-client-key=${pki("kubelet-client.key")}`,
        "--kubelet-preferred-address-types=InternalIP",
        `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
        `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
        `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${pki("service-accounts.pub")}`,
        `--service-account-signing-key-file=${pki("service-accounts.key")}`,
        `--service-cluster-ip-range=${RANGES.services}`,
        `--token-auth-file=${config("tokens.csv")}`,
        `--encryption-provider-config=${config("encryption.json")}`,
        `--audit-policy-file=${config("audit.json")}`,
        `--audit-log-path=${join(layout.logs, "audit.log")}`,
        "--audit-log-maxsize=100",
        "--audit-log-maxbackup=1",
        "--profiling=false",
      ],
    },
    {
      name: "kube-controller-manager",
      after: [API_READY],
      command: [
        join(kubernetes, "kube-controller-manager"),
        `--kubeconfig=${config("kube-controller-manager.kubeconfig")}`,
        `--root-ca-file=${pki("ca.crt")}`,
        `--cluster-signing-cert-file=${pki("ca.crt")}`,
        `--cluster-signing-key-file=${pki("ca.key")}`,
        `--service-account-private-key-file=${pki("service-accounts.key")}`,
        "--use-service-account-credentials=true",
        "--flex-volume-plugin-dir=/var/lib/kubelet/volume-plugins",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
        // A HorizontalPodAutoscaler of a fresh pod need not wait for minutes here.
        "--horizontal-pod-autoscaler-initial-readiness-delay=10s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=30s",
      ],
    },
    {
      name: "kube-scheduler",
      after: [API_READY],
      command: [
        join(kubernetes, "kube-scheduler"),
        `--kubeconfig=${config("kube-scheduler.kubeconfig")}`,
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
      ],
    },
  ];
}

/** Secrets at rest: a key of this cluster alone. */
export function encryptionConfig(): object {
  const key = { name: "cluster", secret: randomBytes(32).toString("base64") };
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys: [key] } }, { identity: {} }] }],
  };
}

/** Who did what, without what was written: no secret reaches the log. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
};
