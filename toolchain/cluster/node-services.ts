// Cluster: containerd, kubelet, kube-proxy, network policies and the registry, as services of the node.
import { dirname, join } from "node:path";
import {
  API_PORT,
  CLUSTER_DOMAIN,
  DNS_SERVICE,
  NODE_ADDRESS,
  NODE_NAME,
  RANGES,
  REGISTRY_NAME,
  REGISTRY_PORT,
} from "./addresses";
import { API_READY, type Service } from "./control-plane";
import type { Layout } from "./layout";
import type { ClusterTools } from "./tools";

const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

/** Who network-policy enforcement is to the API server; it takes no kubeconfig, only a token at the usual place. */
export const POLICIES_USER = "palisade:network-policies";

/** Where programs in a pod find their credentials; the node's /run is its own. */
export const IN_CLUSTER = "/run/secrets/kubernetes.io/serviceaccount";

export function nodeServices(layout: Layout, tools: ClusterTools): Service[] {
  const config = (file: string) => join(layout.config, file);
  return [
    { name: "containerd", command: ["containerd", "--config", config("containerd.toml")] },
    { name: "registry", command: ["docker-registry", "serve", config("registry.json")] },
    {
      name: "kubelet",
      after: [`unix:${CONTAINERD_SOCKET}`, API_READY],
      command: [
        join(tools.kubernetes, "kubelet"),
        `--config=${config("kubelet.json")}`,
        `--kubeconfig=${config("kubelet.kubeconfig")}`,
        `--hostname-override=${NODE_NAME}`,
        `--node-ip=${NODE_ADDRESS}`,
      ],
    },
    {
      name: "kube-proxy",
      after: [API_READY],
      command: [join(tools.kubernetes, "kube-proxy"), `--config=${config("kube-proxy.json")}`],
    },
    {
      name: "network-policies",
      after: [API_READY],
      // The API server by its own address: the Service's needs kube-proxy, which may not be there yet.
      env: { KUBERNETES_SERVICE_HOST: NODE_ADDRESS, KUBERNETES_SERVICE_PORT: String(API_PORT) },
      command: [
        tools.networkPolicies,
        `--hostname-override=${NODE_NAME}`,
        "--nfqueue-id=100",
        "--netfilter-bug-1766-fix=false",
        "--metrics-bind-address=127.0.0.1:9080",
        "--v=2",
      ],
    },
  ];
}

/** containerd 1.6. The registry is asked over http under its name, which only the node knows. */
export function containerdConfig(layout: Layout, tools: ClusterTools, pauseImage: string): string {
  return `version = 2
root = "${layout.containerd}"
state = "${dirname(CONTAINERD_SOCKET)}"
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  max_concurrent_downloads = 4
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${tools.packages.cni}"
    conf_dir = "${join(layout.config, "cni")}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${join(layout.config, "registries")}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "${join(tools.packages.bin, "runc")}"
      SystemdCgroup = false
`;
}

/** hosts.toml of the registry. */
export const registryHosts = `server = "http://${NODE_ADDRESS}:${REGISTRY_PORT}"
[host."http://${NODE_ADDRESS}:${REGISTRY_PORT}"]
  capabilities = ["pull", "resolve"]
`;

/** Directory of `registryHosts` below containerd's registries. */
export const registryHostsDirectory = REGISTRY_NAME;

/**
 * Pods by the ptp plugin: each is a route of its own, so that what one pod sends another passes the node's FORWARD chain,
 * where policies are enforced, without the kernel's bridge filter, which not every machine has loaded.
 */
export const cniConfig = {
  cniVersion: "0.4.0",
  name: "palisade",
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      ipam: { type: "host-local", ranges: [[{ subnet: RANGES.pods }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

export function kubeletConfig(layout: Layout): object {
  const pki = (file: string) => join(layout.pki, file);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    address: NODE_ADDRESS,
    tlsCertFile: pki("kubelet-server.crt"),
    tlsPrivateKeyFile: pki("kubelet-server.key"),
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    clusterDNS: [DNS_SERVICE],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf: join(layout.config, "resolv.conf"),
    failSwapOn: false,
    failCgroupV1: false,
    // The disk is the machine's, and as full as it happens to be: no image is removed and no pod evicted for that.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: "5s",
    seccompDefault: true,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    shutdownGracePeriod: "0s",
  };
}

export function kubeProxyConfig(layout: Layout): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clientConnection: { kubeconfig: join(layout.config, "kube-proxy.kubeconfig") },
    clusterCIDR: RANGES.pods,
    hostnameOverride: NODE_NAME,
    // The table's size is the whole machine's; it is left as it is.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    iptables: { minSyncPeriod: "100ms" },
    nodePortAddresses: [RANGES.node],
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  };
}

/** Environment of every service and of commands run in the node. */
export function nodeEnv(tools: ClusterTools): Record<string, string> {
  return {
    PATH: [...tools.packages.path, tools.kubernetes, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":"),
    ...tools.packages.env,
    HOME: "/run",
    NO_PROXY: "*",
  };
}
