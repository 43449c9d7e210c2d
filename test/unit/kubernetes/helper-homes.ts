// Unit tests: homes for the helpers of a cluster, with the five systems as one environment runs them.
import type { ClusterFoundationHome } from "../../../src/components/kubernetes/cluster-foundation-home";
import type { ClusterHome } from "../../../src/components/kubernetes/cluster-home";
import type { Workload } from "../../../src/workload/workload";
import { homeOf, systems } from "./samples";

export function system(name: string): Workload {
  const workload = systems().find(other => other.name === name);
  if (!workload) throw new Error(`no system \`${name}\``);
  return workload;
}

export function systemHome(name: string, changes: Partial<ClusterHome> = {}): ClusterHome {
  const workload = system(name);
  return homeOf(workload, { tenants: workload.tenancy ? ["acme", "umbra"] : [], ...changes });
}

export function systemHomes(): ClusterHome[] {
  return systems().map(({ name }) => systemHome(name));
}

export function foundationHome(changes: Partial<ClusterFoundationHome> = {}): ClusterFoundationHome {
  const { helpers, storageClasses, dns, retention, environment, buildSha } = systemHome("sanctum");
  return {
    ...{ environment, helpers, storageClasses, dns, retention, buildSha },
    workloads: systemHomes().map(({ workload, namespace, tenants }) => ({ workload, namespace, tenants })),
    logs: { node: true },
    ...changes,
  };
}
