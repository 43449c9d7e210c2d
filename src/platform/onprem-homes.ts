// Platform: from the configuration of a stack on a cluster to the homes of its workloads and of what they share. Pure (PF-1).
import type { ClusterFoundationHome, Siem } from "../components/kubernetes/cluster-foundation-home";
import type { ClusterHome, ExternalStore } from "../components/kubernetes/cluster-home";
import { standardResources } from "../components/kubernetes/database-settings";
import type { OnpremStackConfig } from "../config/load";
import { applyOverrides } from "../config/overrides";
import { type StoreKind, storeKinds } from "../workload/hops";
import type { Workload } from "../workload/workload";
import { specificationOf } from "./specification";

/** What a home is made of; nothing of it is sealed. */
export type HomeConfig = Pick<
  OnpremStackConfig,
  | "environment"
  | "cluster"
  | "edge"
  | "release"
  | "workloads"
  | "platformImages"
  | "retention"
  | "tracing"
  | "monitoring"
>;
/** The same of what the workloads share. The key of a collector is a secret, and makes no object. */
export type FoundationConfig = Pick<
  HomeConfig,
  "environment" | "cluster" | "release" | "retention" | "platformImages"
> &
  Pick<OnpremStackConfig, "logs"> & { siem?: Omit<NonNullable<OnpremStackConfig["siem"]>, "accessKey"> };
type Overrides = OnpremStackConfig["workloads"][string];

/** One for each workload, in the order of the configuration. `catalog` holds all workloads that the stack names. */
export function clusterHomes(config: HomeConfig, catalog: ReadonlyMap<string, Workload>): ClusterHome[] {
  return Object.entries(config.workloads).map(([name, overrides]) =>
    clusterHome(config, applyOverrides(specificationOf(catalog, name), overrides), overrides),
  );
}

function clusterHome(config: HomeConfig, workload: Workload, overrides: Overrides): ClusterHome {
  const { environment, cluster, tracing, monitoring, edge, release } = config;
  const { pods, services, nodes, privateEgress } = cluster.ranges;
  return {
    workload,
    environment,
    namespace: `${workload.name}-${environment}`,
    buildSha: release.buildSha,
    images: Object.fromEntries(
      Object.entries(overrides.images).map(([service, digest]) => [
        service,
        imageAt(config, workload.services[service]?.image.repository ?? service, digest),
      ]),
    ),
    helpers: helpersOf(config),
    hostName: `${workload.name}.${edge.domain}`,
    frontendOrigin: overrides.frontendOrigin,
    storageClasses: cluster.storageClasses,
    ingress: ingressOf(config),
    dns: cluster.dns,
    clusterRanges: [...pods, ...services, ...nodes],
    privateEgressRanges: privateEgress,
    apiServer: cluster.apiServer,
    podMetrics: cluster.podMetrics,
    external: externalStores(overrides),
    databaseResources: databaseResources(overrides),
    tenants: Object.keys(overrides.tenants),
    retention: config.retention,
    tracing,
    monitoring: {
      operator: monitoring.prometheusOperator,
      prometheus: monitoring.prometheus,
      ingressMetrics: monitoring.ingressMetrics,
    },
    release,
    approvers: overrides.approvers ?? { users: [], groups: [] },
  };
}

/** What the workloads of the environment share: the log sink, and what reads on the nodes. */
export function foundationHome(config: FoundationConfig, homes: readonly ClusterHome[]): ClusterFoundationHome {
  const { environment, cluster, retention, release, logs } = config;
  return {
    environment,
    helpers: helpersOf(config),
    storageClasses: cluster.storageClasses,
    dns: cluster.dns,
    retention,
    buildSha: release.buildSha,
    workloads: homes.map(({ workload, namespace, tenants }) => ({ workload, namespace, tenants })),
    logStorageGiB: logs.storageGiB,
    siem: siemOf(config),
    logs: { node: logs.node },
  };
}

function imageAt({ cluster }: Pick<HomeConfig, "cluster">, repository: string, digest: string): string {
  return `${cluster.registry}/${repository}@${digest}`;
}

function helpersOf(config: Pick<HomeConfig, "cluster" | "platformImages">): ClusterHome["helpers"] {
  return Object.fromEntries(
    Object.entries(config.platformImages).map(([name, digest]) => [name, imageAt(config, `palisade/${name}`, digest)]),
  );
}

function ingressOf({ cluster: { ingress } }: HomeConfig): ClusterHome["ingress"] {
  if (!ingress) return undefined;
  const { className, tlsSecret, ...controller } = ingress;
  return { className, controller, tlsSecret };
}

function externalStores(overrides: Overrides): ClusterHome["external"] {
  return Object.fromEntries(
    storeKinds.flatMap((kind): [StoreKind, ExternalStore][] => {
      const external = overrides[kind]?.external;
      return external ? [[kind, { host: external.host, port: String(external.port), ranges: external.ranges }]] : [];
    }),
  );
}

/** Half of the bounds may be told: the other half is what it is by default. */
function databaseResources(overrides: Overrides): ClusterHome["databaseResources"] {
  return Object.fromEntries(
    storeKinds.flatMap(kind => {
      const { cpuMillicores, memoryMiB } = overrides[kind] ?? {};
      if (cpuMillicores === undefined && memoryMiB === undefined) return [];
      const standard = standardResources[kind];
      const told = {
        cpuMillicores: cpuMillicores ?? standard.cpuMillicores,
        memoryMiB: memoryMiB ?? standard.memoryMiB,
      };
      return [[kind, told]];
    }),
  );
}

function siemOf({ siem }: FoundationConfig): Siem | undefined {
  if (!siem) return undefined;
  const { protocol, hostname, port, pathname } = new URL(siem.url);
  const common = {
    host: hostname,
    port: port ? Number(port) : undefined,
    ranges: siem.ranges,
    ownAuthority: siem.certificateAuthority !== undefined,
  };
  return protocol === "https:" ? { ...common, kind: "https", path: pathname } : { ...common, kind: "syslog" };
}
