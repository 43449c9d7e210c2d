// AWS components: what a workload's objects are made from in EKS: the home that every cluster is, less what stays AWS's own. Pure (PF-1).
import type { Service, Workload } from "../../workload/workload";
import type { ClusterHome, ClusterImageName } from "../kubernetes/cluster-home";
import { podServices } from "./eks-node-size";

/**
 * The workload as far as its cluster makes it: without machines, bursts of GPUs, stores, files that are followed where they
 * lie, and what a person releases between services. What is left is what the objects of the other home are made from.
 */
export function withoutManaged(workload: Workload): Workload {
  const kept = podServices(workload);
  const names = kept.map(([name]) => name);
  const services = kept.map(([name, service]): [string, Service] => [
    name,
    {
      ...service,
      environment: Object.fromEntries(Object.entries(service.environment).filter(([, value]) => !isManaged(value))),
      logs: service.logs.filter(log => !log.file),
    },
  ]);
  const secrets = Object.entries(workload.secrets).filter(([, { readers }]) => readers.some(of => names.includes(of)));
  return {
    ...workload,
    services: Object.fromEntries(services),
    secrets: Object.fromEntries(secrets),
    state: { ...workload.state, postgres: undefined, vectors: undefined, volumes: {}, buckets: {}, queues: {} },
    approvals: [],
    frontend: undefined,
  };
}

/** A variable that names a store of AWS. */
export function isManaged(value: Service["environment"][string]): boolean {
  return typeof value === "object" && ("database" in value || "bucket" in value);
}

export interface EksHomeArgs {
  workload: Workload;
  environment: string;
  region: string;
  buildSha: string;
  /** Texts that stand for the images until the registry's address is known; see `substitute`. */
  images: Record<string, string>;
  helpers: Partial<Record<ClusterImageName, string>>;
  hostName: string;
  frontendOrigin?: string;
  /** Range of the VPC, those of its private subnets, and that of the cluster's Services. */
  ranges: { vpc: string; private: string[]; services: string };
  retention: ClusterHome["retention"];
  tracing: ClusterHome["tracing"];
}

export function eksHome({ workload, environment, ranges, ...args }: EksHomeArgs): ClusterHome {
  return {
    ...args,
    workload: withoutManaged(workload),
    environment,
    namespace: `${workload.name}-${environment}`,
    // Directories come as volumes of their own; nothing else asks for storage.
    storageClasses: { replica: "efs", replicas: "efs" },
    dns: { namespace: "kube-system", podLabels: { "k8s-app": "kube-dns" } },
    clusterRanges: [ranges.vpc, ranges.services],
    // The endpoints in the VPC, and the agent that hands out identities.
    directHosts: [".amazonaws.com", ".api.aws", "169.254.170.23"],
    // Behind its Service and before: where a policy is asked is the add-on's own business.
    apiServer: { ranges: [...ranges.private, `${firstAddress(ranges.services)}/32`], port: 443 },
    external: {},
    tenants: [],
    approvers: { users: [], groups: [] },
  };
}

/** Kubernetes gives its API server the first address of the range of Services. */
function firstAddress(range: string): string {
  const [base = ""] = range.split("/");
  return base.replace(/\d+$/, last => String(Number(last) + 1));
}
