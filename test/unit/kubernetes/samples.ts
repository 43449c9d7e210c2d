// Unit tests: a home in a cluster for any workload, and ways to look into the objects it gets.
import { catalog } from "../../../src/catalog/catalog";
import { type ClusterHome, clusterImageNames } from "../../../src/components/kubernetes/cluster-home";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { defineWorkload, type Workload, type WorkloadInput } from "../../../src/workload/workload";

export const digest = `sha256:${"a".repeat(64)}`;

/** A prod stack on a cluster with an Ingress class that can hold everything. */
export function homeOf(workload: Workload, changes: Partial<ClusterHome> = {}): ClusterHome {
  return {
    workload,
    environment: "prod",
    namespace: `${workload.name}-prod`,
    buildSha: "0".repeat(40),
    images: Object.fromEntries(
      Object.entries(workload.services).map(([name, { image }]) => [
        name,
        `registry.example/${image.repository}@${digest}`,
      ]),
    ),
    helpers: Object.fromEntries(clusterImageNames.map(name => [name, `registry.example/palisade/${name}@${digest}`])),
    hostName: `${workload.name}.example.com`,
    frontendOrigin: "https://app.example.com",
    storageClasses: { replica: "block", replicas: "shared" },
    ingress: { className: "traefik", controller: { namespace: "ingress", podLabels: { app: "traefik" } } },
    dns: { namespace: "kube-system", podLabels: { "k8s-app": "kube-dns" } },
    clusterRanges: ["10.0.0.0/8"],
    apiServer: { ranges: ["192.0.2.1/32"], port: 6443 },
    external: {},
    tenants: ["acme"],
    retention: { logDays: 90, complianceDays: 184 },
    tracing: { samplePercent: 25 },
    approvers: { users: ["editor"], groups: [] },
    ...changes,
  };
}

/** The five systems, with what each stack has to add to them. */
export function systems(): Workload[] {
  return [...catalog.values()].map(workload => {
    const copy = structuredClone(workload);
    const { poller } = copy.services;
    if (poller) poller.environment.A2A_BASE_URL = "https://a2a.example.com";
    return copy;
  });
}

export type ServiceInput = WorkloadInput["services"][string];

export const plainService: ServiceInput = {
  description: "A service of the tests.",
  image: { repository: "sample/api" },
  ports: [{ name: "api", number: 8443 }],
  health: { path: "/healthz", port: "api" },
  resources: { cpuMillicores: 500, memoryMiB: 512 },
  scaling: { minReplicas: 2, maxReplicas: 4 },
  network: { exposure: "internal", callers: ["client"] },
};

const client: ServiceInput = {
  description: "Calls the other.",
  image: { repository: "sample/client" },
  resources: { cpuMillicores: 100, memoryMiB: 64 },
  scaling: { minReplicas: 1, maxReplicas: 1 },
  network: { exposure: "none" },
};

/** A workload of one service to vary, `api`, and one that calls it. */
export function sampleWorkload(changes: Partial<ServiceInput> = {}, more: Partial<WorkloadInput> = {}): Workload {
  return defineWorkload({
    name: "sample",
    title: "Sample",
    services: { api: { ...plainService, ...changes }, client },
    ...more,
  });
}

/** The one object of a kind and name. */
export function objectOf(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const [found, other] = objects.filter(object => object.kind === kind && object.metadata.name === name);
  if (!found || other) throw new Error(`expected one ${kind} ${name}, found ${other ? "several" : "none"}`);
  return found;
}

/** Every pod template among the objects. */
export function podSpecs(objects: readonly KubernetesObject[]): { name: string; spec: unknown }[] {
  return objects.flatMap(object => {
    const spec = at(object, "spec", ...(object.kind === "CronJob" ? ["jobTemplate", "spec"] : []), "template", "spec");
    return spec === undefined ? [] : [{ name: object.metadata.name, spec }];
  });
}

export function containersOf(spec: unknown): unknown[] {
  return [...listAt(spec, "initContainers"), ...listAt(spec, "containers")];
}
