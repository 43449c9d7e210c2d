// Cluster: DNS. CoreDNS behind the Service that every cluster has it at, answering for the cluster and nobody else.
import { CLUSTER_DOMAIN, DNS_SERVICE, NODE_ADDRESS, REGISTRY_NAME } from "./addresses";
import { type KubeObject, serviceAccount, systemPod } from "./objects";

const labels = { "k8s-app": "kube-dns" };

/**
 * Names outside the cluster do not exist here: a cluster of this kind is as offline as a customer's, and a lookup that
 * would wait elsewhere for a timeout fails at once. The registry's name is the one exception.
 */
const registry = REGISTRY_NAME.split(":")[0];
const corefile = `${CLUSTER_DOMAIN}:53 in-addr.arpa:53 ip6.arpa:53 {
  errors
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  cache 5
  loadbalance
}
${registry}:53 {
  errors
  hosts {
    ${NODE_ADDRESS} ${registry}
  }
}
.:53 {
  errors
  health :8080
  ready :8181
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

export function dns(image: string): KubeObject[] {
  const name = "coredns";
  return [
    ...serviceAccount(name, [
      { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "kube-system" },
      data: { Corefile: corefile },
    },
    systemPod({
      name,
      labels,
      image,
      args: ["-conf", "/etc/coredns/Corefile"],
      // The very port that policies name: they judge what arrives at the pod, not what was sent to the Service.
      lowestPort: 53,
      readiness: { path: "/ready", port: 8181 },
      mounts: [{ path: "/etc/coredns", volume: { configMap: { name } } }],
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels },
      spec: {
        clusterIP: DNS_SERVICE,
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
  ];
}
