// AWS components: what the rest of a workload adds to one of its services: permissions, variables, containers, file systems, peers. Plain data.
import type { PolicyStatement } from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import type { Peer } from "./security-group-rule";
import type { Mount, Sidecar, TaskVolume } from "./sidecar";

/** Contribution of one component to one service; whatever it leaves out, it does not need. */
export interface ServiceParts {
  /** What the service's own identity may do (CP-3). */
  statements?: PolicyStatement[];
  /** Variables of the process; none may be set twice. */
  environment?: Record<string, pulumi.Input<string>>;
  sidecars?: Sidecar[];
  /** Repositories the task pulls the sidecars from. */
  repositoryArns?: pulumi.Input<string>[];
  volumes?: TaskVolume[];
  mounts?: Mount[];
  /** Whom its tasks may reach, on TCP (SA-9). */
  peers?: { name: string; peer: Peer; port: number }[];
  /** Told the ARN of the service's role once it has one, for policies of resources that name it (SA-13). */
  onRole?: ((roleArn: pulumi.Output<string>) => void)[];
}

/** Something that contributes to services, such as the volumes of a workload. */
export interface ServiceContributor {
  /** What it adds to a service; empty for one it has nothing to do with. */
  partsFor(serviceName: string): ServiceParts;
}

/**
 * All contributions in one.
 * @throws Error if two of them set the same variable.
 */
export function combineParts(all: readonly ServiceParts[]): Required<ServiceParts> {
  const environment: Record<string, pulumi.Input<string>> = {};
  for (const [name, value] of all.flatMap(parts => Object.entries(parts.environment ?? {}))) {
    if (name in environment) throw new Error(`variable \`${name}\` is set by two parts of the workload`);
    environment[name] = value;
  }
  return {
    environment,
    statements: all.flatMap(parts => parts.statements ?? []),
    sidecars: all.flatMap(parts => parts.sidecars ?? []),
    repositoryArns: all.flatMap(parts => parts.repositoryArns ?? []),
    volumes: all.flatMap(parts => parts.volumes ?? []),
    mounts: all.flatMap(parts => parts.mounts ?? []),
    peers: all.flatMap(parts => parts.peers ?? []),
    onRole: all.flatMap(parts => parts.onRole ?? []),
  };
}
