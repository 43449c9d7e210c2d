// Kubernetes components: what one workload gets from its cluster and its stack. Plain data, made by the platform from the configuration.
import type { Workload } from "../../workload/workload";
import type { Value } from "./object";

/**
 * Images of the platform's own helpers in a cluster, by the name their repository has below `palisade/`. `postgres`: with
 * pgvector. `collector`: OpenTelemetry's, for logs and traces alike. `object-store`: S3. `queue`: SQS.
 */
export const clusterImageNames = [
  "egress-proxy",
  "collector",
  "workload-guard",
  "approval-gate",
  "postgres",
  "object-store",
  "queue",
  "tls-front",
] as const;
export type ClusterImageName = (typeof clusterImageNames)[number];

/** Pods of another namespace that a policy names. */
export interface PodPeer {
  namespace: string;
  podLabels: Record<string, string>;
}

/** A store outside the cluster that is used in place of a bundled one. */
export interface ExternalStore {
  host: Value;
  /** Default 5432. */
  port?: Value;
  /** Ranges its address lies in: a policy knows no names (SA-9). */
  ranges: string[];
}

export interface ClusterHome {
  /** With the stack's overrides in place. */
  workload: Workload;
  /** `dev`, `staging` or `prod`. */
  environment: string;
  /** Namespace of the workload: `<workload>-<environment>`. */
  namespace: string;
  /** Region that object storage is signed for; default `us-east-1`, which says nothing of where it is. */
  region?: string;
  /** Git commit the images were built from (RT-23). */
  buildSha: string;
  /** `repository@sha256:…` of each service (RT-1). */
  images: Record<string, string>;
  /** `repository@sha256:…` of the helpers that the stack gives. */
  helpers: Partial<Record<ClusterImageName, string>>;
  /** Host name of the public service. */
  hostName: string;
  frontendOrigin?: string;
  /** Storage classes by what they must do: one replica writes, or all replicas do. */
  storageClasses: { replica: string; replicas: string };
  /**
   * Class of Ingresses, and the pods of its controller; without it public services have no Ingress. `tlsSecret`: Secret
   * of the namespace with a certificate that callers trust; default that of the workload's own authority.
   */
  ingress?: { className: string; controller: PodPeer; tlsSecret?: string };
  /** Pods that answer DNS, and the port they listen on; default 53, OpenShift's is 5353. */
  dns: PodPeer & { port?: number };
  /** Ranges of pods, services and nodes: nobody's way out leads there (RT-27). */
  clusterRanges: string[];
  /**
   * Private ranges, none of the cluster's own, in which hosts of a service's `egress` may lie: a customer's own A2A service,
   * say. None unless given (RT-27).
   */
  privateEgressRanges?: string[];
  /** Hosts, or domains after a dot, that services reach past their egress proxy: those of a cloud's own endpoints. None unless given. */
  directHosts?: string[];
  /** Ranges of the API server, and its port, for those few that talk to it. */
  apiServer: { ranges: string[]; port: number };
  /** Serves metrics of pods beside those of CPU and memory, by an adapter of its own; default no (RT-6). */
  podMetrics?: boolean;
  /** Databases of the customer's own in place of bundled ones. */
  external: Partial<Record<"postgres" | "vectors", ExternalStore>>;
  /** GiB of the bundled object store, all versions included; default 50 (CP-2). */
  objectStorageGiB?: number;
  /**
   * S3 of the customer's own in place of the bundled one: its address, and the ranges that lies in. Its people make buckets,
   * versions and accounts; the operator supplies each service's key pair (CP-2, CP-3).
   */
  externalObjectStore?: { endpoint: string; ranges: string[] };
  /** What a bundled database may use; 500 m and 1 GiB unless given, for vectors twice that (SA-4, SA-5). */
  databaseResources?: Partial<Record<"postgres" | "vectors", { cpuMillicores: number; memoryMiB: number }>>;
  /** Ids of the tenants (SP-9). */
  tenants: string[];
  /** Days that the log sink keeps files, at least (RT-23); compliance records likewise (SP-14). */
  retention: { logDays: number; complianceDays: number };
  /**
   * Share of traces that is kept, and where they go: to an OTLP/HTTP endpoint, which lies in these ranges or is these pods,
   * or without one to the log (RT-25).
   */
  tracing: { samplePercent: number; endpoint?: string; ranges?: string[]; peer?: PodPeer };
  /**
   * What the customer watches workloads with (RT-24). `operator`: Prometheus's operator is in the cluster, and gets its
   * objects. `prometheus`: pods that may read the metrics. `ingressMetrics`: whose counts of requests there are.
   */
  monitoring?: { operator?: boolean; prometheus?: PodPeer; ingressMetrics?: "ingress-nginx" };
  /** What a dashboard says is deployed, besides the build (RT-13, RT-24). */
  release?: { manifestId?: string; deployedAt?: string };
  /** Kubernetes users and groups of whom one must approve (CP-11). */
  approvers: { users: string[]; groups: string[] };
}

/** @throws Error naming what is missing (RT-1). */
export function helperImage(
  { helpers, workload }: Pick<ClusterHome, "helpers" | "workload">,
  name: ClusterImageName,
): string {
  const image = helpers[name];
  if (!image)
    throw new Error(`no digest of platform image \`${name}\`, which workload \`${workload.name}\` needs (RT-1)`);
  return image;
}
