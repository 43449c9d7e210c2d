// Kubernetes components: what all workloads of an environment share on a cluster: the log sink, what collects from nodes, an authority.
import * as pulumi from "@pulumi/pulumi";
import { Authority } from "./certificate";
import { registerObjects } from "./registered-objects";
import type { WorkloadObjects } from "./workload-objects";

export interface ClusterFoundationArgs {
  /** Its objects and Secrets. */
  contents: WorkloadObjects;
  /** Values of supplied secrets, such as the key of a log collector (RT-23). */
  supplied: Record<string, pulumi.Input<string>>;
}

export class ClusterFoundation extends pulumi.ComponentResource {
  /** Signs what workloads and the platform prove themselves to each other by (SA-13). */
  readonly authority: Authority;

  constructor(name: string, { contents, supplied }: ClusterFoundationArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:kubernetes:ClusterFoundation", name, {}, options);
    this.authority = new Authority(`${name}-authority`, { commonName: `palisade ${name}` }, { parent: this });
    const authorities = { workload: this.authority, platform: this.authority };
    registerObjects(name, { ...contents, supplied, authorities }, this);
    this.registerOutputs({});
  }
}
