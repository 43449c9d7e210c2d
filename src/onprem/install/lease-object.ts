// Installer: the Lease of the installers as it lies in the cluster, written only over the version that was read.
import type { ApiRequest } from "../../kubernetes/client";
import { type JsonObject, textAt } from "../../kubernetes/json";
import type { Cluster, Place } from "../../kubernetes/objects";
import { writeOver } from "../../kubernetes/write-over";
import type { Holder } from "./holder";

export const leaseName = "palisade-installer";
export const machineKey = "palisade.dev/machine";
export const processKey = "palisade.dev/process";
export const commandKey = "palisade.dev/command";

export interface LeaseTimes {
  /** Seconds after which a lease that was not renewed is anybody's. */
  duration: number;
  /** Seconds between renewals, and for each to be answered; well below the duration. */
  renewal: number;
  /** Seconds for which a lease that cannot be renewed is not given up; default 120. */
  patience?: number;
}
export const leaseTimes: LeaseTimes = { duration: 15, renewal: 4 };

export const holderOf = (live: JsonObject): string => textAt(live, "spec", "holderIdentity");

/**
 * The lease as it was written; undefined where somebody else was faster.
 * @param live as it was read; undefined where there is none
 * @param holder undefined to give it back
 * @param what the command, for whoever comes second
 */
export async function writeLease(
  cluster: Cluster,
  place: Place,
  live: JsonObject | undefined,
  holder: Holder | undefined,
  what: string,
  { duration }: LeaseTimes,
  how: Pick<ApiRequest, "signal" | "attempts"> = {},
): Promise<JsonObject | undefined> {
  const now = `${new Date().toISOString().slice(0, -1)}000Z`;
  const isMine = live !== undefined && holder !== undefined && holderOf(live) === holder.identity;
  const acquireTime = isMine ? textAt(live, "spec", "acquireTime") : now;
  const annotations: JsonObject = holder
    ? { [machineKey]: holder.machine, [processKey]: String(holder.process), [commandKey]: what }
    : {};
  const spec: JsonObject = holder
    ? { holderIdentity: holder.identity, leaseDurationSeconds: duration, acquireTime, renewTime: now }
    : { leaseDurationSeconds: duration };
  const body: JsonObject = {
    apiVersion: place.apiVersion,
    kind: place.kind,
    metadata: {
      name: place.name,
      namespace: place.namespace,
      labels: { "app.kubernetes.io/managed-by": "palisade" },
      annotations,
    },
    spec,
  };
  return writeOver(cluster, place, body, live && textAt(live, "metadata", "resourceVersion"), how);
}

export function leasePlace(namespace: string): Place {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${leaseName}`;
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: leaseName, path };
}
