// Release: how each service is asked whether it is well once it is installed, from its specification (RT-2, SA-12). Pure.
import type { ClusterHome } from "../../components/kubernetes/cluster-home";
import { publicUrl } from "../../components/kubernetes/ingress";
import { serviceHost } from "../../components/kubernetes/names";

export interface Endpoint {
  workload: string;
  namespace: string;
  /** Name of the service, and of its Deployment or StatefulSet. */
  service: string;
  /** `none`: it has no Service, and only its own pods can be asked. */
  exposure: "public" | "internal" | "none";
  /** Host by which it is called in the cluster; of no use with exposure `none`. */
  host: string;
  port: number;
  /** `https`: by a certificate of the workload's own authority. */
  scheme: "http" | "https";
  /** Answers with a success where all is well. */
  path: string;
  /** Time after which no answer is a failure. */
  timeoutSeconds: number;
  /** Address for those outside; none without an Ingress, or where nobody outside may call. */
  url?: string;
}

/** One for each service that says how it is asked. */
export function endpointsOf(homes: readonly ClusterHome[]): Endpoint[] {
  return homes.flatMap(home =>
    Object.entries(home.workload.services).flatMap(([service, { health, ports, network }]): Endpoint[] => {
      const port = ports.find(({ name }) => name === health?.port);
      if (!health || !port) return [];
      const url = network.exposure === "public" ? publicUrl(home) : undefined;
      return [
        {
          workload: home.workload.name,
          namespace: home.namespace,
          service,
          exposure: network.exposure,
          host: serviceHost(service, home.namespace),
          port: port.number,
          scheme: port.protocol === "http" ? "http" : "https",
          path: health.path,
          timeoutSeconds: health.timeoutSeconds,
          ...(url && { url }),
        },
      ];
    }),
  );
}
