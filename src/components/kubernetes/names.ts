// Kubernetes components: names of what a workload has in its namespace, on which its parts agree. Pure.

import type { StoreKind } from "../../workload/hops";
import { boundedName } from "../aws/bounded-name";
import type { ClusterHome } from "./cluster-home";

/** Longest name that is also a label and a host name, in characters. */
const longest = 63;

export function objectName(name: string): string {
  return boundedName(name, longest);
}

/** Secret with the certificate of one part, its key and the authority it is checked by (SA-6). */
export function certificateSecret(part: string): string {
  return objectName(`tls-${part}`);
}

/** Secret of one variable, which has one key: services share variables, not Secrets (SA-8). */
export function variableSecret(variable: string): string {
  return objectName(`${variable.toLowerCase().replaceAll("_", "-")}-value`);
}
export const variableSecretKey = "value";

/** Names that the certificate of a part holds, from the shortest on. */
export function dnsNames(part: string, namespace: string): string[] {
  return [part, `${part}.${namespace}`, serviceHost(part, namespace), `${serviceHost(part, namespace)}.cluster.local`];
}

/** Host by which a part is called. */
export function serviceHost(part: string, namespace: string): string {
  return `${part}.${namespace}.svc`;
}

/** Bucket in the workload's object store (CP-2). */
export function bucketName({ workload, environment }: Pick<ClusterHome, "workload" | "environment">, bucket: string) {
  return objectName(`${workload.name}-${environment}-${bucket}`);
}

/** Host and port of a database, the bundled one or the customer's own (SA-4, SA-5). */
export function storeAddress({ namespace, external }: Pick<ClusterHome, "namespace" | "external">, kind: StoreKind) {
  const own = external[kind];
  return { host: own?.host ?? serviceHost(kind, namespace), port: own?.port ?? String(postgresPort) };
}

export const postgresPort = 5432;
