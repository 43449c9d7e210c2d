// Platform: what a stack on a cluster has to supply, and whether it has. Asked before anything is registered (SA-8).
import * as pulumi from "@pulumi/pulumi";
import { missingSecrets } from "../components/kubernetes/secret-values";
import type { WorkloadObjects } from "../components/kubernetes/workload-objects";
import type { OnpremStackConfig } from "../config/load";
import { collectorAuthority, databaseAuthorities } from "./given-authorities";

type Values = Record<string, pulumi.Input<string>>;

/** By the names of the plans: secrets of the workload, and the authorities of its external databases. */
export function suppliedTo({ secrets, workloads }: OnpremStackConfig, workload: string): Values {
  return { ...databaseAuthorities(workloads[workload]), ...secrets[workload] };
}

/** The same of the platform itself. */
export function suppliedToPlatform({ siem }: OnpremStackConfig): Values {
  return { ...collectorAuthority(siem), ...(siem?.accessKey && { SIEM_ACCESS_KEY: siem.accessKey }) };
}

export interface Demand {
  /** Name of the workload. */
  name: string;
  contents: WorkloadObjects;
  supplied: Values;
}

/** @throws RunError naming every secret that is missing, of all workloads, with the command that sets it. */
export function requireSupplied(demands: readonly Demand[]): void {
  const lines = demands.flatMap(({ name, contents, supplied }) =>
    missingSecrets(contents.secrets, supplied).flatMap(({ variable, description }) => [
      `  palisade:secrets.${name}.${variable}: found nothing. ${description}`,
      `      pulumi config set --secret --path 'palisade:secrets.${name}.${variable}'`,
    ]),
  );
  if (lines.length === 0) return;
  const count = lines.length === 2 ? "1 secret is" : `${lines.length / 2} secrets are`;
  throw new pulumi.RunError(
    [`Nothing was registered: ${count} missing, without which pods do not start (SA-8).`, ...lines].join("\n"),
  );
}
