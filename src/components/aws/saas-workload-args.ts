// AWS components: what a workload as SaaS is made from: its specification, what all workloads share, what the stack decides.
import type * as pulumi from "@pulumi/pulumi";
import type { StoreKind } from "../../workload/hops";
import type { Workload } from "../../workload/workload";
import type { ClusterFoundation } from "../kubernetes/cluster-foundation";
import type { ClusterImageName } from "../kubernetes/cluster-home";
import type { Release } from "./dashboard-body";
import type { NodePorts } from "./eks-node-ports";
import type { SaasFoundation } from "./saas-foundation";
import type { SecondRegion } from "./second-region";
import type { TelemetryCollectorArgs } from "./telemetry-collector";
import type { DatabaseChoice } from "./workload-databases";
import type { VolumeLoader } from "./workload-volumes";

export interface SaasWorkloadArgs {
  workload: Workload;
  foundation: SaasFoundation;
  environment: string;
  accountId: pulumi.Input<string>;
  region: string;
  /** Digest of each service's image (RT-1). */
  images: Record<string, string>;
  /** Makes the image of a service that has no digest, and returns its own; dev only. */
  buildImage?: ImageBuilder;
  databases: Record<StoreKind, DatabaseChoice>;
  /** Least number of days that log groups keep their events (RT-23). */
  logDays: number;
  secretRecoveryDays: number;
  /** Days a deleted key of a tenant can still be called back, 7 to 30. */
  keyDeletionDays: number;
  /** Days the archive of compliance records keeps them, locked (SP-14). */
  complianceDays: number;
  /** Ids of the tenants, of a workload with tenancy (SP-9). */
  tenants: string[];
  /** Collector that receives compliance records besides their archive. */
  siem?: { url: string; accessKey: pulumi.Input<string> };
  /** Values of supplied secrets (SA-8). */
  supplied?: Record<string, pulumi.Input<string>>;
  /** Host name of the public service, and the order of its rule among those of the edge, 1 to 50000. */
  hostName: string;
  rulePriority: number;
  /** Origin of the frontend, and where an external publisher answers (SA-11). */
  frontendOrigin?: string;
  frontendTarget?: string;
  /** Provider of us-east-1; needed by a frontend that the platform publishes. */
  northVirginia?: pulumi.ProviderResource;
  /** Who fills volumes from outside the workload, by volume; default nobody (IS-9). */
  volumeLoaders?: Record<string, VolumeLoader>;
  /** Git commit of the images (RT-23), and what the dashboard says of the release (RT-24). */
  release: Release;
  /** Share of traces that is kept, and where they go (RT-25). */
  tracing: Pick<TelemetryCollectorArgs, "samplePercent" | "exporter">;
  /** Where replicated buckets have their copy; needed if the workload has one (CP-12). */
  secondRegion?: SecondRegion;
  /** ARNs of the IAM roles and users of whom one must approve; needed if the workload has approvals (CP-11). */
  approvers?: readonly string[];
  /** US dollars a month at which the workload's budget stands; default no budget (CP-12). */
  monthlyBudgetUsd?: number;
  /** Ports of nodes by `<workload>/<service>`; needed by a public service that runs in EKS. */
  nodePorts?: ReadonlyMap<string, NodePorts>;
  /** Where the objects of the workload go, if EKS runs it; left out: nowhere, for a local AWS has no control plane. */
  kubernetes?: { provider: pulumi.ProviderResource; foundation: ClusterFoundation };
  /** Digests of the platform's helpers in a cluster, of those that are not the same as with ECS (RT-1). */
  clusterImages?: Partial<Record<ClusterImageName, string>>;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
  /** False in a local AWS: do not wait for what it cannot do; see `localGaps`. */
  awaitReality: boolean;
}

/** @returns the digest of the image, or undefined for a service it does not build. */
export type ImageBuilder = (
  serviceName: string,
  repositoryUrl: pulumi.Output<string>,
  parent: pulumi.Resource,
) => pulumi.Output<string> | undefined;
