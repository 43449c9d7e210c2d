// Cluster tests: what a customer's cluster gets of the workloads that a stack of compute EKS runs, decided as in mode on-prem.
import { join } from "node:path";
import { catalog } from "../../src/catalog/catalog";
import { type WorkloadObjects, workloadObjects } from "../../src/components/kubernetes/workload-objects";
import { readStackFile } from "../../src/config/file";
import type { OnpremStackConfig } from "../../src/config/load";
import { parseConfig } from "../../src/config/parse";
import { ownValues } from "../../src/config/raw";
import { clusterHomes } from "../../src/platform/onprem-homes";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

/** First address of a stack's Services, where the API server answers, unless `palisade:eks.serviceRange` says else. */
const apiService = "172.20.0.1/32";

interface Saas extends Record<"environment" | "release" | "workloads", unknown> {
  network: { zones: { private: string }[] };
  edge: { domain: string };
  retention: { logDays: number; complianceDays: number };
  tracing: { samplePercent: number };
}

/**
 * From the example of an on-prem stack, with what the stack on AWS says of its workloads, and where it
 * reaches the API server, as if the customer's were there too.
 */
export function customersObjects(saas: ReadonlyMap<string, unknown>): WorkloadObjects[] {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.onprem.yaml"));
  const { cluster, ...own } = ownValues(raw) as { cluster: { ingress: object; ranges: object } };
  const { network, environment, release, edge, retention, tracing, workloads } = ownValues(saas) as unknown as Saas;
  // Its classes need definitions of their own, and in AWS the edge is in its place.
  const { ingress: _, ranges, ...withoutIngress } = cluster;
  const values = {
    ...own,
    cluster: {
      ...withoutIngress,
      ranges: { ...ranges, privateEgress: undefined },
      apiServer: { ranges: [...network.zones.map(zone => zone.private), apiService], port: 443 },
    },
    environment,
    release,
    workloads,
    edge: { domain: edge.domain },
    retention: { logDays: retention.logDays, complianceDays: retention.complianceDays },
    tracing: { samplePercent: tracing.samplePercent },
  };
  const prefixed = Object.entries(values).map(([key, value]): [string, unknown] => [`palisade:${key}`, value]);
  const parsed = parseConfig(new Map(prefixed), { catalog, stack: "customer", preview: true, kubeconfig: "/dev/null" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return clusterHomes(parsed.config as unknown as OnpremStackConfig, catalog).map(home => workloadObjects(home));
}
