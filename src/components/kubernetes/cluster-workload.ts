// Kubernetes components: one workload on a cluster, wherever that cluster is: its objects and its Secrets (PF-1, PF-9).
import * as pulumi from "@pulumi/pulumi";
import { Authority } from "./certificate";
import type { ClusterFoundation } from "./cluster-foundation";
import type { ClusterHome } from "./cluster-home";
import { publicUrl } from "./ingress";
import { registerObjects } from "./registered-objects";
import { type WorkloadObjects, workloadObjects } from "./workload-objects";

export interface ClusterWorkloadArgs {
  /** All that is decided about it. */
  home: ClusterHome;
  /** What all workloads of the environment share. */
  foundation: ClusterFoundation;
  /** Values of supplied secrets, by the name of their variable (SA-8). */
  supplied: Record<string, pulumi.Input<string>>;
  /** Objects and Secrets, where the caller has asked for them already; default `workloadObjects(home)`. */
  contents?: WorkloadObjects;
  /** What must stand before the first pod is made, and stay until the last is gone; default nothing. */
  beforePods?: readonly pulumi.Resource[];
}

export class ClusterWorkload extends pulumi.ComponentResource {
  readonly namespace: string;
  /** Address of the public service; none where nobody outside can call. */
  readonly url?: string;

  constructor(name: string, args: ClusterWorkloadArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:kubernetes:ClusterWorkload", name, {}, options);
    const { home, foundation, supplied, beforePods } = args;
    const { objects, secrets } = args.contents ?? workloadObjects(home);
    const authority = new Authority(`${name}-authority`, { commonName: `palisade ${name}` }, { parent: this });
    registerObjects(
      name,
      {
        objects,
        secrets,
        supplied,
        beforePods,
        authorities: { workload: authority, platform: foundation.authority },
      },
      this,
    );
    this.namespace = home.namespace;
    this.url = publicUrl(home);
    this.registerOutputs({ namespace: this.namespace, url: this.url });
  }
}
