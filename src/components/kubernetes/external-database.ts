// Kubernetes components: what a service gets of a database of the customer's own: a password, an authority to check it by (SA-4, SA-6, SA-8).
import type { StoreKind } from "../../workload/hops";
import { readByGroup } from "./certificates";
import type { ClusterHome } from "./cluster-home";
import { objectName } from "./names";
import { labelsOf } from "./object";
import type { PodParts } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";

/** The client's password as `POSTGRES_PASSWORD`, and the path of the database's authority as `POSTGRES_CA_FILE`. */
export function externalDatabaseParts(home: ClusterHome, kind: StoreKind, serviceName: string): PodParts {
  const external = home.external[kind];
  if (!external) return {};
  const secret = secretName(kind, serviceName);
  const volume = `${kind}-authority`;
  const mountPath = `/run/palisade/${kind}`;
  const variable = kind.toUpperCase();
  return {
    environment: { [`${variable}_CA_FILE`]: `${mountPath}/ca.crt` },
    secretEnvironment: { [`${variable}_PASSWORD`]: { secret, key: "password" } },
    volumes: [
      {
        name: volume,
        secret: { secretName: secret, defaultMode: readByGroup, items: [{ key: "ca.crt", path: "ca.crt" }] },
      },
    ],
    mounts: [{ name: volume, mountPath, readOnly: true }],
  };
}

/** One Secret for each client, who all are different users; the operator gives `POSTGRES_PASSWORD`, or one for each of several. */
export function externalDatabaseSecrets({ workload, namespace }: ClusterHome, kind: StoreKind): SecretPlan[] {
  const clients = workload.state[kind]?.clients ?? [];
  const variable = kind.toUpperCase();
  return clients.map(client => {
    const suffix = clients.length > 1 ? `_${client.toUpperCase().replaceAll("-", "_")}` : "";
    return {
      name: secretName(kind, client),
      namespace,
      labels: labelsOf(workload.name, client),
      keys: {
        password: {
          kind: "supplied",
          variable: `${variable}_PASSWORD${suffix}`,
          description: `Password of user \`${client}\` in the customer's database \`${kind}\`.`,
        },
        "ca.crt": {
          kind: "supplied",
          variable: `${variable}_CA`,
          description: `Certificate, in PEM, of the authority that the customer's database \`${kind}\` is checked by.`,
        },
      },
    };
  });
}

function secretName(kind: StoreKind, serviceName: string): string {
  return objectName(`${kind}-client-${serviceName}`);
}
