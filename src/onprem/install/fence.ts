// Installer: the cluster as only the holder of the lease may change it: no write leaves without the permit, and all end when it is lost.
import type { Api, Permit } from "../../kubernetes/client";
import type { Cluster } from "../../kubernetes/objects";

/**
 * @param permit held against every request that changes something, at each try
 * @param ended ends every request, whatever its own signal
 */
export function fenced(cluster: Cluster, permit: Permit, ended: AbortSignal): Cluster {
  const { api, discovery } = cluster;
  const behind: Api = {
    server: api.server,
    namespace: api.namespace,
    send: request => {
      // A signal of its own for each: many listen at once.
      const signal = AbortSignal.any(request.signal ? [request.signal, ended] : [ended]);
      return api.send({ ...request, signal, ...(request.method !== "GET" && { permit }) });
    },
  };
  return { api: behind, discovery };
}
