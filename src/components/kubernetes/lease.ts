// Kubernetes components: the leases of one workload. Of a service's replicas the one that holds its Lease works, the others wait for it (RT-30).
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { labelsOf } from "./object";
import type { WorkloadPart } from "./pod-parts";

/** A replica that has not renewed its lease for so long has lost it (RT-30). */
export const leaseSeconds = 15;

/**
 * The Lease is made here, since the right to create one cannot be held to a name; who holds it is for the replicas to write,
 * so the object says nothing of it.
 */
export function leasePart(home: ClusterHome): WorkloadPart {
  const { workload, namespace } = home;
  const leased = Object.keys(workload.services).filter(name => hasLease(workload.services[name]));
  return {
    partsFor: serviceName =>
      leased.includes(serviceName)
        ? {
            environment: {
              LEASE_KIND: "kubernetes",
              LEASE_NAMESPACE: namespace,
              LEASE_NAME: serviceName,
              LEASE_SECONDS: String(leaseSeconds),
            },
            rules: [
              {
                apiGroups: ["coordination.k8s.io"],
                resources: ["leases"],
                resourceNames: [serviceName],
                verbs: ["get", "update", "patch"],
              },
            ],
          }
        : {},
    objects: leased.map(name => ({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace, labels: labelsOf(workload.name, name) },
    })),
  };
}

/** Whether the replicas of a service take turns. */
function hasLease(service: Service | undefined): boolean {
  return service?.scaling.mode === "active-passive";
}
