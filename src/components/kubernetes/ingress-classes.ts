// Kubernetes components: what each class of Ingress can hold of a specification, and how it is told (SA-6, SP-5, SP-9, IS-5). Pure tables.
import type { Service, Workload } from "../../workload/workload";
import { certificateSecret, serviceHost } from "./names";
import { type KubernetesObject, labelsOf } from "./object";

export interface Route {
  workload: Pick<Workload, "name" | "tenancy">;
  namespace: string;
  name: string;
  service: Pick<Service, "network" | "memoryOnly">;
}

export interface IngressClass {
  /** Versions it can set as the lowest, for one host and not for all. */
  minimumTls: readonly Service["network"]["minimumTls"][];
  /** Can refuse a body by its size. */
  bodyLimit: boolean;
  /** Can count requests by a header (SP-9). */
  tenantQuota: boolean;
  ingressAnnotations(route: Route): Record<string, string>;
  serviceAnnotations(route: Route): Record<string, string>;
  /** Objects of its own kinds, beside the Ingress. */
  objects(route: Route): KubernetesObject[];
}

/** Bytes of the largest body, as in other homes; large ones are scripts and documents, not films. */
function bodyBytes({ network }: Pick<Service, "network">): number {
  return network.largeBodies ? 16 * 1024 * 1024 : 8 * 1024;
}

const nothing = () => ({});

/**
 * Community's NGINX controller. TLS versions and quotas by header are settings of the whole controller, not of an
 * Ingress; its own lowest version is 1.2.
 */
const nginx: IngressClass = {
  minimumTls: ["1.2"],
  bodyLimit: true,
  tenantQuota: false,
  ingressAnnotations: ({ namespace, name, service }) =>
    prefixed("nginx.ingress.kubernetes.io", {
      "force-ssl-redirect": "true",
      "backend-protocol": "HTTPS",
      "proxy-ssl-secret": `${namespace}/${certificateSecret(name)}`,
      "proxy-ssl-verify": "on",
      "proxy-ssl-name": serviceHost(name, namespace),
      "proxy-ssl-server-name": "on",
      "proxy-ssl-protocols": "TLSv1.2 TLSv1.3",
      "proxy-body-size": String(bodyBytes(service)),
      // A body that is passed on as it comes is never in a file (SP-6).
      ...(service.memoryOnly && { "proxy-request-buffering": "off" }),
    }),
  serviceAnnotations: nothing,
  objects: () => [],
};

/** HAProxy Technologies' controller; its own lowest version is 1.2. */
const haproxy: IngressClass = {
  minimumTls: ["1.2"],
  bodyLimit: false,
  tenantQuota: false,
  ingressAnnotations: ({ namespace, name }) =>
    prefixed("haproxy.org", {
      "ssl-redirect": "true",
      "server-ssl": "true",
      "server-ca": `${namespace}/${certificateSecret(name)}`,
    }),
  serviceAnnotations: nothing,
  objects: () => [],
};

const traefikApi = "traefik.io/v1alpha1";

/** Traefik, by objects of its own kinds. */
const traefik: IngressClass = {
  minimumTls: ["1.2", "1.3"],
  bodyLimit: true,
  tenantQuota: true,
  ingressAnnotations: ({ workload, namespace, name }) =>
    prefixed("traefik.ingress.kubernetes.io", {
      "router.entrypoints": "websecure",
      "router.tls": "true",
      "router.tls.options": `${namespace}-${name}@kubernetescrd`,
      "router.middlewares": [`${name}-body`, ...(workload.tenancy ? [`${name}-tenants`] : [])]
        .map(middleware => `${namespace}-${middleware}@kubernetescrd`)
        .join(","),
    }),
  serviceAnnotations: ({ namespace, name }) =>
    prefixed("traefik.ingress.kubernetes.io", {
      "service.serversscheme": "https",
      "service.serverstransport": `${namespace}-${name}@kubernetescrd`,
    }),
  objects: route => {
    const { workload, namespace, name, service } = route;
    const bytes = bodyBytes(service);
    const object = (kind: string, own: string, spec: Record<string, unknown>): KubernetesObject => ({
      apiVersion: traefikApi,
      kind,
      metadata: { name: own, namespace, labels: labelsOf(workload.name, name) },
      spec,
    });
    return [
      object("TLSOption", name, { minVersion: service.network.minimumTls === "1.3" ? "VersionTLS13" : "VersionTLS12" }),
      object("ServersTransport", name, {
        serverName: serviceHost(name, namespace),
        rootCAsSecrets: [certificateSecret(name)],
      }),
      // What does not fit into memory would be in a file (SP-6).
      object("Middleware", `${name}-body`, {
        buffering: { maxRequestBodyBytes: bytes, memRequestBodyBytes: bytes },
      }),
      ...(workload.tenancy
        ? [
            object("Middleware", `${name}-tenants`, {
              rateLimit: {
                average: workload.tenancy.requestsPerMinute,
                period: "1m",
                burst: Math.max(Math.ceil(workload.tenancy.requestsPerMinute / 6), 1),
                sourceCriterion: { requestHeaderName: workload.tenancy.header },
              },
            }),
          ]
        : []),
    ];
  },
};

/** By the name of the class; any other is refused by name. */
export const ingressClasses: Readonly<Record<string, IngressClass>> = { nginx, traefik, haproxy };

function prefixed(prefix: string, annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${prefix}/${key}`, value]));
}
