// Kubernetes components: what the platform itself gets from a cluster, once for each environment. Plain data, made from the configuration (RT-23).
import type { Workload } from "../../workload/workload";
import type { ClusterHome, ClusterImageName } from "./cluster-home";

/** Where logs go besides the files of the sink, over TLS (RT-23). */
export type Siem = {
  host: string;
  /** Default 6514 for syslog, 443 for an event collector. */
  port?: number;
  /** Ranges its address lies in: a policy knows no names (SA-9). */
  ranges: string[];
  /** The operator supplies its authority as `SIEM_CA`; otherwise it is one that everybody knows. */
  ownAuthority?: boolean;
} & (
  | { kind: "syslog" }
  /** Splunk's HTTP event collector or one that speaks like it; the operator supplies `SIEM_ACCESS_KEY`. */
  | { kind: "https"; path: string }
);

/** A workload whose logs are kept. */
export interface LoggedWorkload {
  workload: Workload;
  namespace: string;
  /** Ids of its tenants (SP-9). */
  tenants: string[];
}

export interface ClusterFoundationHome
  extends Pick<ClusterHome, "environment" | "helpers" | "storageClasses" | "dns" | "retention" | "buildSha"> {
  /** Those that the environment runs in this cluster. */
  workloads: LoggedWorkload[];
  /** Storage of the sink's files in GiB; default 20. */
  logStorageGiB?: number;
  siem?: Siem;
  /** Whether the platform reads what pods write on each node. False where the customer collects it by itself; then nothing holds records to their declared fields but the customer. */
  logs: { node: boolean };
}

export const platformWorkload = "palisade";

/** Namespace of what serves all workloads of an environment. */
export function platformNamespace({ environment }: Pick<ClusterFoundationHome, "environment">): string {
  return `${platformWorkload}-${environment}`;
}

/** Namespace of what reads on each node, apart from all else, since it may do more (PF-9). */
export function nodesNamespace({ environment }: Pick<ClusterFoundationHome, "environment">): string {
  return `${platformWorkload}-${environment}-nodes`;
}

/** @throws Error naming what is missing (RT-1). */
export function foundationImage({ helpers, environment }: ClusterFoundationHome, name: ClusterImageName): string {
  const image = helpers[name];
  if (!image)
    throw new Error(`no digest of platform image \`${name}\`, which the platform of \`${environment}\` needs (RT-1)`);
  return image;
}
