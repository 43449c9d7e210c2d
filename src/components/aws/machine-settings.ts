// AWS components: what a machine is told about itself, and where it keeps it. Plain data; no secret among it (PF-7).
import type { Service } from "../../workload/workload";

export interface MachineSettings {
  serviceName: string;
  service: Service;
  region: string;
  /** Repository of the image, without tag or digest: the digest comes with each delivery (RT-1, CP-9). */
  repositoryUrl: string;
  logGroupName: string;
  /** Where its secrets are in Parameter Store, and which it waits for (CP-5). */
  parameterPath: string;
  secretNames: string[];
  /** Role the process works in, in place of the machine's own (CP-3). */
  processRoleArn: string;
  /** Variables of the process, resolved. */
  environment: Record<string, string>;
  /** Variables that carry the git commit of whatever was delivered last. */
  releaseVariables: string[];
  /** Dimensions of its metrics. */
  metricDimensions: Record<string, string>;
  /** Whether the process may call IPv6 addresses (CP-7). */
  ipv6: boolean;
}

export interface MachinePaths {
  /** Scripts of the platform. */
  library: string;
  settings: string;
  /** Variables of the process that are no secrets. */
  environment: string;
  /** What was delivered last, and before that. */
  releases: string;
  /** In memory: secrets, credentials, registry tokens (CP-5). */
  memory: string;
}

export const machinePaths: MachinePaths = {
  library: "/usr/local/lib/palisade",
  settings: "/etc/palisade/machine",
  environment: "/etc/palisade/environment",
  releases: "/var/lib/palisade",
  memory: "/run/palisade",
};

/** Metric that each machine publishes every minute: how many of its units run and are healthy. */
export const unitsMetric = "units.running";

/** Units of a machine in the order of their restart: those it names, or one of the service's name. */
export function unitsOf(serviceName: string, { machine }: Pick<Service, "machine">): string[] {
  const units = machine?.units ?? [];
  return units.length > 0 ? units : [`${serviceName}.service`];
}

/** One word for a shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
