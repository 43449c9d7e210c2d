// Kubernetes: which kinds are waited for, and what else must be read to judge them.
import { type Json, type JsonObject, listAt, textAt } from "../json";
import { type Cluster, get, type Place } from "../objects";
import { list } from "./diagnosis";
import {
  claim,
  daemonSet,
  definition,
  deployment,
  hasEndpoint,
  ingress,
  job,
  namespace,
  pod,
  service,
  statefulSet,
  type Verdict,
} from "./verdict";

export type Judge = (live: JsonObject, cluster: Cluster, place: Place) => Verdict | Promise<Verdict>;

/** By `<group>/<kind>`; a kind that is not here is ready when it is made. */
const JUDGES: Readonly<Record<string, Judge>> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "batch/Job": job,
  "/Pod": pod,
  "/Namespace": namespace,
  "/Service": async (live, cluster, place) => service(live, await slicesOf(cluster, place.namespace, place.name)),
  "/PersistentVolumeClaim": async (live, cluster) => claim(live, await bindingMode(cluster, live)),
  "networking.k8s.io/Ingress": async (live, cluster, place) => ingress(live, await unserved(cluster, place, live)),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

export function judgeOf({ apiVersion, kind }: Place): Judge | undefined {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return JUDGES[`${group}/${kind}`];
}

function slicesOf(cluster: Cluster, at: string, serviceName: string): Promise<Json[]> {
  const labelSelector = `kubernetes.io/service-name=${serviceName}`;
  return list(cluster, "discovery.k8s.io/v1", "endpointslices", at, { labelSelector });
}

async function bindingMode(cluster: Cluster, live: JsonObject): Promise<string> {
  const name = textAt(live, "spec", "storageClassName");
  if (!name) return "";
  const path = `/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`;
  const place = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name, namespace: "", path };
  return textAt(await get(cluster, place), "volumeBindingMode");
}

/** The services in an ingress's paths that no pod stands behind; names outside the cluster are not asked for. */
async function unserved(cluster: Cluster, place: Place, live: JsonObject): Promise<string[]> {
  const backends = [
    textAt(live, "spec", "defaultBackend", "service", "name"),
    ...listAt(live, "spec", "rules").flatMap(rule =>
      listAt(rule, "http", "paths").map(path => textAt(path, "backend", "service", "name")),
    ),
  ];
  const missing: string[] = [];
  for (const name of new Set(backends.filter(Boolean))) {
    const path = `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/services/${encodeURIComponent(name)}`;
    const target = await get(cluster, { apiVersion: "v1", kind: "Service", name, namespace: place.namespace, path });
    if (textAt(target, "spec", "type") === "ExternalName") continue;
    if (!target || !hasEndpoint(await slicesOf(cluster, place.namespace, name))) missing.push(name);
  }
  return missing;
}
