// Kubernetes components: who the tenants of a workload are, and a key for each, which its services find by the tenant's id (SP-9).
import { readByGroup } from "./certificates";
import type { ClusterHome } from "./cluster-home";
import { labelsOf } from "./object";
import type { WorkloadPart } from "./pod-parts";

const secretName = "tenant-keys";
const directory = "/run/palisade/tenant-keys";
/** Letters and digits of a key: more than 256 bits, for a service to derive its own from. */
const keyLength = 48;

/** Keys lie in memory alone, as a Secret's volume does, and are read by the process's group. */
export function tenantsPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, tenants } = home;
  const { tenancy } = workload;
  if (!tenancy) return {};
  return {
    partsFor: () => ({
      environment: {
        TENANTS: tenants.join(","),
        TENANT_CLAIM: tenancy.claim,
        TENANT_HEADER: tenancy.header,
        TENANT_KEYS_DIRECTORY: directory,
      },
      volumes: [{ name: secretName, secret: { secretName, defaultMode: readByGroup } }],
      mounts: [{ name: secretName, mountPath: directory, readOnly: true }],
    }),
    secrets: [
      {
        name: secretName,
        namespace,
        labels: labelsOf(workload.name, secretName),
        keys: Object.fromEntries(tenants.map(tenant => [tenant, { kind: "generated", length: keyLength }])),
      },
    ],
  };
}
