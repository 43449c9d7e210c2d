// Kubernetes components: the way into a public service, TLS up to the process (IS-5, SA-6, SP-5, SP-12). Pure.
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { ingressClasses, type Route } from "./ingress-classes";
import { certificateSecret } from "./names";
import { type KubernetesObject, labelsOf } from "./object";

export interface WayIn {
  /** The Ingress and what its class needs beside it; none for a service that is not public, or without a class. */
  objects: KubernetesObject[];
  /** Annotations of the Service it leads to. */
  serviceAnnotations?: Record<string, string>;
}

export function wayIn(home: ClusterHome, name: string, service: Service): WayIn {
  const { workload, namespace, ingress, hostName } = home;
  const [port] = service.ports;
  const kind = ingress && ingressClasses[ingress.className];
  if (!ingress || !kind || !port || service.network.exposure !== "public") return { objects: [] };
  const route: Route = { workload, namespace, name, service };
  const annotations = kind.serviceAnnotations(route);
  return {
    ...(Object.keys(annotations).length > 0 && { serviceAnnotations: annotations }),
    objects: [
      ...kind.objects(route),
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: {
          name,
          namespace,
          labels: labelsOf(workload.name, name),
          annotations: kind.ingressAnnotations(route),
        },
        spec: {
          ingressClassName: ingress.className,
          tls: [{ hosts: [hostName], secretName: ingress.tlsSecret ?? certificateSecret(name) }],
          rules: [
            {
              host: hostName,
              http: {
                paths: [
                  { path: "/", pathType: "Prefix", backend: { service: { name, port: { number: port.number } } } },
                ],
              },
            },
          ],
        },
      },
    ],
  };
}

/** Address of the workload's public service; none where nobody outside can call. */
export function publicUrl({ workload, ingress, hostName }: Pick<ClusterHome, "workload" | "ingress" | "hostName">) {
  const isPublic = Object.values(workload.services).some(({ network }) => network.exposure === "public");
  return isPublic && ingress ? `https://${hostName}` : undefined;
}
