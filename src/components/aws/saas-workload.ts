// AWS components: one workload as SaaS. Its registry, secrets, databases and services, wired as its specification says (PF-1, PF-2).
import * as pulumi from "@pulumi/pulumi";
import { type Hop, hopsOf, type StoreKind } from "../../workload/hops";
import type { Workload } from "../../workload/workload";
import { CostBudget } from "./cost-budget";
import { Registry } from "./registry";
import type { SaasFoundation } from "./saas-foundation";
import type { SecondRegion } from "./second-region";
import { WorkloadSecrets } from "./secrets";
import type { ServiceCompute } from "./service-compute";
import { proxyPorts } from "./service-connect";
import type { ServiceContributor } from "./service-parts";
import { WorkloadApprovals } from "./workload-approvals";
import { WorkloadBuckets } from "./workload-buckets";
import { type DatabaseChoice, WorkloadDatabases } from "./workload-databases";
import { WorkloadQueues } from "./workload-queues";
import { WorkloadService, type WorkloadServiceArgs } from "./workload-service";
import { tagWorkload, workloadTag } from "./workload-tags";

export interface SaasWorkloadArgs {
  workload: Workload;
  foundation: SaasFoundation;
  environment: string;
  accountId: pulumi.Input<string>;
  region: string;
  /** Digest of each service's image (RT-1). */
  images: Record<string, string>;
  databases: Record<StoreKind, DatabaseChoice>;
  /** Least number of days that log groups keep their events (RT-23). */
  logDays: number;
  secretRecoveryDays: number;
  /** Values of supplied secrets (SA-8). */
  supplied?: Record<string, pulumi.Input<string>>;
  /** Host name of the public service, and the order of its rule among those of the edge, 1 to 50000. */
  hostName: string;
  rulePriority: number;
  /** Origin of the frontend (SA-11). */
  frontendOrigin?: string;
  /** Git commit of the images (RT-23). */
  buildSha: string;
  /** Where replicated buckets have their copy; needed if the workload has one (CP-12). */
  secondRegion?: SecondRegion;
  /** ARNs of the IAM roles and users of whom one must approve; needed if the workload has approvals (CP-11). */
  approvers?: readonly string[];
  /** US dollars a month at which the workload's budget stands; default no budget (CP-12). */
  monthlyBudgetUsd?: number;
  /** May be thrown away with all it holds: dev only. */
  disposable: boolean;
  /** False in a local AWS: do not wait for what it cannot do; see `localGaps`. */
  awaitReality: boolean;
}

const postgresPort = 5432;

export class SaasWorkload extends pulumi.ComponentResource {
  /** `https://` address of the public service, if there is one. */
  readonly url?: string;
  /** Repository of each service's image. */
  readonly repositories: Record<string, pulumi.Output<string>>;
  /** ECS name of each service. */
  readonly services: Record<string, pulumi.Output<string>>;
  /** Host of each database. */
  readonly databases: Record<string, pulumi.Output<string>>;

  constructor(
    private readonly component: string,
    private readonly args: SaasWorkloadArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(
      "palisade:aws:SaasWorkload",
      component,
      {},
      { ...options, transformations: [...(options?.transformations ?? []), tagWorkload(component)] },
    );
    const { workload, foundation, logDays } = args;
    const child = { parent: this };

    const registry = new Registry(
      component,
      {
        repositories: Object.values(workload.services).map(service => service.image.repository),
        namespace: args.environment,
        keyArn: foundation.keys.arnOf("artifacts"),
        forceDelete: args.disposable,
      },
      child,
    );
    const secrets = new WorkloadSecrets(
      component,
      {
        secrets: workload.secrets,
        keyArn: foundation.keys.arnOf("secrets"),
        accountId: args.accountId,
        recoveryWindowInDays: args.secretRecoveryDays,
        supplied: args.supplied,
      },
      child,
    );
    const databases = new WorkloadDatabases(
      component,
      { state: workload.state, foundation, choices: args.databases, logDays },
      child,
    );
    const buckets = new WorkloadBuckets(component, { ...args, buckets: workload.state.buckets }, child);
    const queues = new WorkloadQueues(component, args, child);
    const approvals = new WorkloadApprovals(
      component,
      { ...args, buckets, queues, approvers: args.approvers ?? [] },
      child,
    );
    if (args.monthlyBudgetUsd !== undefined)
      new CostBudget(
        component,
        {
          accountId: args.accountId,
          monthlyUsd: args.monthlyBudgetUsd,
          tag: { key: workloadTag, value: component },
          topicArn: foundation.alarmTopic.arn,
        },
        child,
      );
    const contributors: ServiceContributor[] = [buckets, queues, approvals];
    const services = mapEntries(workload.services, (serviceName, service) =>
      this.service(serviceName, {
        service,
        registry,
        secrets,
        databases,
        buckets,
        queues,
        parts: contributors.map(contributor => contributor.partsFor(serviceName)),
      }),
    );
    this.openHops(services, databases);

    const open = Object.values(workload.services).some(service => service.network.exposure === "public");
    this.url = open ? `https://${args.hostName}` : undefined;
    this.repositories = mapEntries(workload.services, (_, s) => registry.urlOf(s.image.repository));
    this.services = mapEntries(services, (_, compute) => compute.serviceName);
    const { postgres, vectors } = databases;
    this.databases = { ...(postgres && { postgres: postgres.host }), ...(vectors && { vectors: vectors.host }) };
    this.registerOutputs({ url: this.url, services: this.services, databases: this.databases });
  }

  private service(
    serviceName: string,
    {
      buckets,
      ...given
    }: Pick<WorkloadServiceArgs, "service" | "registry" | "secrets" | "databases" | "queues" | "parts"> & {
      buckets: WorkloadBuckets;
    },
  ): ServiceCompute {
    const { workload, foundation, environment, region, hostName } = this.args;
    const imageDigest = this.args.images[serviceName];
    if (!imageDigest) throw new Error(`\`images\` has no digest for service \`${serviceName}\` (RT-1)`);
    return new WorkloadService(
      `${this.component}-${serviceName}`,
      {
        ...given,
        workload,
        serviceName,
        foundation,
        accountId: this.args.accountId,
        imageDigest,
        context: {
          environment,
          region,
          buildSha: this.args.buildSha,
          publicOrigin: `https://${hostName}`,
          frontendOrigin: this.args.frontendOrigin,
          buckets: buckets.names,
        },
        rule: { hostNames: [hostName], priority: this.args.rulePriority },
        logDays: this.args.logDays,
        waitForSteadyState: this.args.awaitReality,
      },
      { parent: this },
    ).compute;
  }

  /** Opens the hops that the specification allows, each on both sides, and those to AWS itself (SA-9, SA-13). */
  private openHops(services: Record<string, ServiceCompute>, databases: WorkloadDatabases): void {
    const { endpoints } = this.args.foundation;
    for (const [name, compute] of Object.entries(services)) {
      endpoints.admit(`${this.component}-${name}`, compute.securityGroupId);
      compute.allowTo("aws-endpoints", { securityGroupId: endpoints.securityGroupId }, 443);
      compute.allowTo("s3", { prefixListId: endpoints.s3PrefixListId }, 443);
    }
    for (const hop of hopsOf(this.args.workload)) this.openHop(hop, services, databases);
  }

  private openHop(hop: Hop, services: Record<string, ServiceCompute>, databases: WorkloadDatabases): void {
    const { workload, foundation } = this.args;
    if (hop.kind === "service-to-store") {
      const [client, database] = [services[hop.from], databases[hop.to]];
      if (!client || !database) return;
      database.allowFrom(hop.from, client.securityGroupId);
      client.allowTo(hop.to, { securityGroupId: database.securityGroupId }, postgresPort);
      return;
    }
    const [server, specification] = [services[hop.to], workload.services[hop.to]];
    if (!server || !specification) return;
    if (hop.kind === "edge-to-service") {
      for (const port of server.edgePorts)
        foundation.edge.allowTo(`${this.component}-${hop.to}`, server.securityGroupId, port);
      return;
    }
    const client = services[hop.from];
    if (!client) return;
    server.allowFrom(hop.from, client.securityGroupId);
    for (const port of proxyPorts(specification))
      client.allowTo(hop.to, { securityGroupId: server.securityGroupId }, port);
  }
}

function mapEntries<T, R>(record: Record<string, T>, map: (key: string, value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
}
