// Kubernetes components: the ways out of one workload. Each service with hosts to call has a proxy of its own, which alone leaves the cluster (RT-27, SP-13, CP-7).
import { type Egress, egressOf } from "../../workload/egress";
import { isIpv6Range, privateRanges } from "../../workload/egress-range";
import { overlap, parseRange } from "../../workload/ip-range";
import type { Service } from "../../workload/workload";
import { type ClusterHome, helperImage } from "./cluster-home";
import { addressWays, type Helper, helperObjects, wayOf } from "./helper";
import { objectName, serviceHost } from "./names";
import type { PodParts, Way, WorkloadPart } from "./pod-parts";

/** Port the proxy listens on. */
export const egressProxyPort = 4750;

/**
 * The proxy takes CONNECT over plain HTTP, so the name of a host it leads to is not encrypted inside the cluster; all that
 * follows is TLS between the service and that host.
 * @throws Error if a private range that hosts may lie in is one of the cluster's.
 */
export function egressPart(home: ClusterHome): WorkloadPart {
  const callers = Object.entries(home.workload.services).filter(([, { network }]) => network.egress.length > 0);
  requireOutside(home);
  return {
    partsFor: serviceName => (callers.some(([name]) => name === serviceName) ? clientParts(home, serviceName) : {}),
    objects: callers.flatMap(([name, service]) => helperObjects(home, egressProxy(home, name, service))),
  };
}

/** Name of the proxy of a service. */
function egressProxyName(serviceName: string): string {
  return objectName(`egress-proxy-${serviceName}`);
}

/** Variables by which HTTP clients find the proxy, in both spellings that are in use; the cluster's names go past it. */
function clientParts(home: ClusterHome, serviceName: string): PodParts {
  const proxy = egressProxyName(serviceName);
  const url = `http://${serviceHost(proxy, home.namespace)}:${egressProxyPort}`;
  const own = ["localhost", "127.0.0.1", "::1", ".svc", ".svc.cluster.local"];
  const inside = [...own, ...(home.directHosts ?? [])].join(",");
  return {
    environment: { HTTPS_PROXY: url, https_proxy: url, NO_PROXY: inside, no_proxy: inside },
    egress: [wayOf(home, proxy, egressProxyPort)],
  };
}

function egressProxy(home: ClusterHome, serviceName: string, service: Service): Helper {
  const { workload, environment, buildSha, privateEgressRanges = [] } = home;
  const probe = (more: Record<string, number>) => ({
    httpGet: { path: "/healthz", port: egressProxyPort },
    timeoutSeconds: 3,
    ...more,
  });
  return {
    name: egressProxyName(serviceName),
    user: 65_532,
    replicas: 2,
    ports: { proxy: egressProxyPort },
    ingress: [wayOf(home, serviceName, egressProxyPort)],
    egress: outsideWays(home, service),
    containers: [
      {
        name: "egress-proxy",
        image: helperImage(home, "egress-proxy"),
        environment: {
          EGRESS_ACL: accessList(egressOf(service)),
          EGRESS_LISTEN: `:${egressProxyPort}`,
          ...(privateEgressRanges.length > 0 && { EGRESS_ALLOW_RANGES: privateEgressRanges.join(",") }),
          PALISADE_ENV: environment,
          PALISADE_WORKLOAD: workload.name,
          PALISADE_SERVICE: "egress-proxy",
          BUILD_SHA: buildSha,
        },
        ports: [{ name: "proxy", number: egressProxyPort }],
        bounds: { cpuMillicores: 50, memoryMiB: 128 },
        more: {
          readinessProbe: probe({ periodSeconds: 5, failureThreshold: 2 }),
          livenessProbe: probe({ periodSeconds: 15, failureThreshold: 3 }),
        },
      },
    ],
  };
}

/** As the proxy reads it. An empty list that is enforced lets nothing out. */
function accessList({ open, hosts }: Egress): string {
  return JSON.stringify({ action: open ? "open" : "enforce", hosts: hosts.map(host => `${host}:443`) });
}

/**
 * Addresses the proxy may dial, on 443: those of `egressRanges`, or the internet. IPv6 only where the specification names
 * a range of it: a cluster without it has nothing to except.
 */
function outsideWays({ clusterRanges, privateEgressRanges = [] }: ClusterHome, { network }: Service): Way[] {
  const named = network.egressRanges.map(({ cidr }) => cidr);
  const except = [...new Set([...privateRanges, ...clusterRanges])].filter(cidr => !isIpv6Range({ cidr }));
  const internet: Way = { name: "internet", peer: { ipBlock: { cidr: "0.0.0.0/0", except } }, port: 443 };
  return [
    ...(named.length > 0 ? addressWays("internet", named, 443) : [internet]),
    ...addressWays("customer", privateEgressRanges, 443),
  ];
}

function requireOutside({ clusterRanges, privateEgressRanges = [] }: ClusterHome): void {
  const inside = clusterRanges.flatMap(text => parseRange(text) ?? []);
  for (const text of privateEgressRanges) {
    const range = parseRange(text);
    if (!range || inside.some(own => overlap(own, range)))
      throw new Error(
        `\`privateEgressRanges\` has \`${text}\`; allowed are ranges outside the cluster's: ${clusterRanges.join(", ")} (RT-27)`,
      );
  }
}
