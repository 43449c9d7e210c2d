// AWS components: what runs a service, as the rest of its workload sees it: tasks on Fargate, pods on EKS, a machine, a burst of GPU tasks.
import type * as pulumi from "@pulumi/pulumi";
import type { Peer } from "./security-group-rule";

export interface ServiceCompute {
  /** Name of the ECS service or of the Deployment, or of the auto scaling group that keeps a machine. */
  readonly serviceName: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Ports on which the edge reaches it; none unless the service is public. */
  readonly edgePorts: number[];
  /** Ports on which other services reach it, where they are the process's own; left out: those of its Service Connect proxy. */
  readonly callerPorts?: number[];
  /**
   * Lets another service call this one (SA-9, SA-13).
   * @throws Error if the specification lets nobody call it.
   */
  allowFrom(callerName: string, securityGroupId: pulumi.Input<string>): void;
  /** Lets it reach a peer on a TCP port (SA-9). */
  allowTo(peerName: string, peer: Peer, port: number): void;
}
