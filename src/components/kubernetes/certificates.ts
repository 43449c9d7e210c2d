// Kubernetes components: the certificate of one part, by which it answers and calls, and whom it lets in (SA-6, SA-13).
import type { Service } from "../../workload/workload";
import type { ClusterHome } from "./cluster-home";
import { certificateSecret, dnsNames, serviceHost } from "./names";
import { labelsOf } from "./object";
import type { PodParts, PodVolume, VolumeMount } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";

const tlsVolume = "tls";
const tlsDirectory = "/run/palisade/tls";

/** Files of a certificate, as a Secret of type `kubernetes.io/tls` names them. */
export const tlsFiles = { certificate: "tls.crt", key: "tls.key", authority: "ca.crt" } as const;

/** Paths of a certificate where pods have it. */
export const tlsPaths = {
  certificate: `${tlsDirectory}/${tlsFiles.certificate}`,
  key: `${tlsDirectory}/${tlsFiles.key}`,
  authority: `${tlsDirectory}/${tlsFiles.authority}`,
} as const;

/** Read by the process's group and by nobody else: 0440. */
export const readByGroup = 0o440;

export interface CertificateOf {
  workload: string;
  part: string;
  namespace: string;
  /** Names it answers to besides those of its Service: that of the public entrance. Default none. */
  hostNames?: readonly string[];
  /** Default both. */
  usages?: ("server" | "client")[];
  /** `platform`: by the authority of the environment, which the log sink trusts. Default `workload`. */
  authority?: "workload" | "platform";
}

/** How the certificate of a service or a helper comes about. */
export function certificatePlan(of: CertificateOf): SecretPlan {
  const { workload, part, namespace, hostNames = [], usages = ["server", "client"], authority = "workload" } = of;
  return {
    name: certificateSecret(part),
    namespace,
    labels: labelsOf(workload, part),
    type: "kubernetes.io/tls",
    keys: {
      [tlsFiles.certificate]: { kind: "certificate" },
      [tlsFiles.key]: { kind: "key" },
      [tlsFiles.authority]: { kind: "authority" },
    },
    certificate: {
      commonName: part,
      dnsNames: [...dnsNames(part, namespace), ...hostNames],
      usages,
      ...(authority === "platform" && { authority }),
    },
  };
}

export function certificateVolume(part: string): PodVolume {
  return { name: tlsVolume, secret: { secretName: certificateSecret(part), defaultMode: readByGroup } };
}

export const certificateMount: VolumeMount = { name: tlsVolume, mountPath: tlsDirectory, readOnly: true };

/** Volume, mount and variables of a service's certificate. */
export function certificateParts(
  { namespace }: Pick<ClusterHome, "namespace">,
  part: string,
  { network }: Pick<Service, "network">,
): PodParts {
  const callers = network.callers.map(caller => serviceHost(caller, namespace));
  return {
    environment: {
      TLS_CERT_FILE: tlsPaths.certificate,
      TLS_KEY_FILE: tlsPaths.key,
      TLS_CA_FILE: tlsPaths.authority,
      TLS_MIN_VERSION: network.minimumTls,
      ...(network.exposure === "internal" && { ALLOWED_CALLERS: callers.join(",") }),
    },
    volumes: [certificateVolume(part)],
    mounts: [certificateMount],
  };
}
