// AWS components: one workload as SaaS. Its registry, secrets, databases and services, wired as its specification says (PF-1, PF-2).
import * as pulumi from "@pulumi/pulumi";
import { type Hop, hopsOf, type StoreKind } from "../../workload/hops";
import { logFiles } from "../../workload/log-files";
import { logShipperName } from "../../workload/volume-faults";
import type { Workload } from "../../workload/workload";
import { CostBudget } from "./cost-budget";
import type { Release } from "./dashboard-body";
import { hasMachine } from "./endpoint-services";
import { followedVolumes, LogShipper } from "./log-shipper";
import { logsAndTenants } from "./logs-and-tenants";
import { MachineParameters, secretsOfTasks } from "./machine-parameters";
import { type MachineHandles, MachineService } from "./machine-service";
import { Registry } from "./registry";
import type { SaasFoundation } from "./saas-foundation";
import type { SecondRegion } from "./second-region";
import { WorkloadSecrets } from "./secrets";
import type { ServiceCompute } from "./service-compute";
import { proxyPorts } from "./service-connect";
import type { ServiceContributor } from "./service-parts";
import { TelemetryCollector, type TelemetryCollectorArgs } from "./telemetry-collector";
import { WorkloadApprovals } from "./workload-approvals";
import { WorkloadBuckets } from "./workload-buckets";
import { type ObservedService, WorkloadDashboard } from "./workload-dashboard";
import { type DatabaseChoice, WorkloadDatabases } from "./workload-databases";
import { WorkloadEgress } from "./workload-egress";
import { WorkloadFrontend } from "./workload-frontend";
import { WorkloadLease } from "./workload-lease";
import { WorkloadQueues } from "./workload-queues";
import { WorkloadService, type WorkloadServiceArgs } from "./workload-service";
import { tagWorkload, workloadTag } from "./workload-tags";
import { type VolumeLoader, WorkloadVolumes } from "./workload-volumes";

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

const postgresPort = 5432;

export class SaasWorkload extends pulumi.ComponentResource {
  /** `https://` address of the public service, if there is one. */
  readonly url?: string;
  /** Bucket and distribution of a frontend that the platform publishes: its pipeline writes there. */
  readonly site?: { bucketName: pulumi.Output<string>; distributionId: pulumi.Output<string> };
  /** Repository of each service's image. */
  readonly repositories: Record<string, pulumi.Output<string>>;
  /** ECS name of each service. */
  readonly services: Record<string, pulumi.Output<string>>;
  /** Host of each database. */
  readonly databases: Record<string, pulumi.Output<string>>;
  /** ARNs of the alarms of each service, by what they watch: what a rollback looks at (RT-22). */
  readonly alarms: Record<string, ObservedService["alarmArns"]>;
  /** What the dashboard shows, filled as services are made. */
  private readonly observed: ObservedService[] = [];
  private readonly machineAlarms: Record<string, ObservedService["alarmArns"]> = {};

  /** What people need to work with each machine, where there are machines (CP-5, CP-6, CP-9). */
  readonly machines?: Record<string, MachineHandles>;

  private readonly parameters?: MachineParameters;
  private readonly egress: WorkloadEgress;

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
        mutableTags: args.buildImage !== undefined,
        forceDelete: args.disposable,
      },
      child,
    );
    const secrets = new WorkloadSecrets(
      component,
      {
        secrets: secretsOfTasks(workload),
        keyArn: foundation.keys.arnOf("secrets"),
        accountId: args.accountId,
        recoveryWindowInDays: args.secretRecoveryDays,
        supplied: suppliedTo(secretsOfTasks(workload), args.supplied),
      },
      child,
    );
    if (hasMachine(workload))
      this.parameters = new MachineParameters(
        component,
        {
          environment: args.environment,
          workload,
          keyArn: foundation.keys.arnOf("secrets"),
          supplied: args.supplied,
          generatedValue: secret => secrets.generatedValue(secret),
        },
        child,
      );
    const databases = new WorkloadDatabases(
      component,
      { state: workload.state, foundation, choices: args.databases, logDays },
      child,
    );
    const { environment, region, release } = args;
    const traced = { workload, images: foundation.images, environment, region, buildSha: release.buildSha };
    const { disposable, volumeLoaders: loaders } = args;
    const volumes = new WorkloadVolumes(
      `${component}-volumes`,
      { volumes: followedVolumes(workload), foundation, disposable, loaders },
      child,
    );
    const collector = new TelemetryCollector({ ...traced, ...args.tracing });
    this.egress = new WorkloadEgress(component, { ...args, buildSha: release.buildSha }, child);
    const buckets = new WorkloadBuckets(component, { ...args, buckets: workload.state.buckets }, child);
    const queues = new WorkloadQueues(component, args, child);
    const approvals = new WorkloadApprovals(
      component,
      { ...args, buckets, queues, approvers: args.approvers ?? [], buildSha: release.buildSha },
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
    const contributors: ServiceContributor[] = [
      volumes,
      ...logsAndTenants(component, args, this),
      collector,
      this.egress,
      this.leases(component),
      buckets,
      queues,
      approvals,
    ];
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
    const all = { ...services, ...this.logShipper(volumes) };
    volumes.admit(all);
    this.openHops(all, databases);
    this.site = this.frontend();
    const { title } = workload;
    new WorkloadDashboard(component, { title, environment, region, release, services: this.observed }, child);

    const open = Object.values(workload.services).some(service => service.network.exposure === "public");
    this.url = open ? `https://${args.hostName}` : undefined;
    this.repositories = mapEntries(workload.services, (_, s) => registry.urlOf(s.image.repository));
    if (this.parameters) this.machines = handlesOf(services);
    this.services = mapEntries(services, (_, compute) => compute.serviceName);
    const ofTasks = Object.fromEntries(this.observed.map(({ name, alarmArns }) => [name, alarmArns]));
    this.alarms = { ...ofTasks, ...this.machineAlarms };
    const { postgres, vectors } = databases;
    this.databases = { ...(postgres && { postgres: postgres.host }), ...(vectors && { vectors: vectors.host }) };
    this.registerOutputs({ url: this.url, services: this.services, databases: this.databases, alarms: this.alarms });
  }

  private leases(component: string): WorkloadLease {
    const { workload, foundation, region, disposable } = this.args;
    const { dynamodbPrefixListId } = foundation.endpoints;
    const keyArn = foundation.keys.arnOf("customer");
    return new WorkloadLease(
      component,
      { workload, region, keyArn, dynamodbPrefixListId, disposable },
      { parent: this },
    );
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
    const repositoryUrl = given.registry.urlOf(given.service.image.repository);
    const imageDigest = this.args.images[serviceName] ?? this.args.buildImage?.(serviceName, repositoryUrl, this);
    if (!imageDigest) throw new Error(`\`images\` has no digest for service \`${serviceName}\` (RT-1)`);
    const { awaitReality, rulePriority } = this.args;
    const common = {
      ...given,
      workload,
      serviceName,
      foundation,
      accountId: this.args.accountId,
      imageDigest,
      context: {
        environment,
        region,
        buildSha: this.args.release.buildSha,
        publicOrigin: `https://${hostName}`,
        frontendOrigin: this.args.frontendOrigin,
        buckets: buckets.names,
      },
      logDays: this.args.logDays,
    };
    const name = `${this.component}-${serviceName}`;
    const child = { parent: this };
    if (given.service.machine && this.parameters) {
      const machine = new MachineService(
        name,
        { ...common, parameters: this.parameters, waitForDelivery: awaitReality },
        child,
      );
      this.machineAlarms[serviceName] = machine.alarmArns;
      return machine;
    }
    const made = new WorkloadService(
      name,
      { ...common, rule: { hostNames: [hostName], priority: rulePriority }, waitForSteadyState: awaitReality },
      child,
    );
    this.observed.push(made.observed);
    return made.compute;
  }

  private frontend() {
    const { workload, foundation, frontendOrigin, hostName, ...args } = this.args;
    if (!workload.frontend || !frontendOrigin) return undefined;
    const { site } = new WorkloadFrontend(
      `${this.component}-frontend`,
      {
        hosting: workload.frontend.hosting,
        origin: frontendOrigin,
        target: args.frontendTarget,
        apiOrigin: `https://${hostName}`,
        hostedZoneId: foundation.hostedZoneId,
        northVirginia: args.northVirginia,
        accountId: args.accountId,
        keyDeletionDays: args.keyDeletionDays,
        awaitReality: args.awaitReality,
        forceDestroy: args.disposable,
      },
      { parent: this },
    );
    return site && { bucketName: site.bucketName, distributionId: site.distributionId };
  }

  /** The platform's own service for logs that are files, if there are any (IS-6). */
  private logShipper(volumes: WorkloadVolumes): Record<string, ServiceCompute> {
    const { workload } = this.args;
    if (logFiles(workload).length === 0) return {};
    const { compute } = new LogShipper(
      `${this.component}-${logShipperName}`,
      { ...this.args, parts: volumes.partsFor(logShipperName), waitForSteadyState: this.args.awaitReality },
      { parent: this },
    );
    return { [logShipperName]: compute };
  }

  /** Opens the hops that the specification allows, each on both sides, and those to AWS itself (SA-9, SA-13). */
  private openHops(services: Record<string, ServiceCompute>, databases: WorkloadDatabases): void {
    const { endpoints } = this.args.foundation;
    for (const [name, compute] of Object.entries(services)) {
      endpoints.admit(`${this.component}-${name}`, compute.securityGroupId);
      compute.allowTo("aws-endpoints", { securityGroupId: endpoints.securityGroupId }, 443);
      compute.allowTo("s3", { prefixListId: endpoints.s3PrefixListId }, 443);
      this.egress.admit(name, compute.securityGroupId);
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
        foundation.edge?.allowTo(`${this.component}-${hop.to}`, server.securityGroupId, port);
      return;
    }
    const client = services[hop.from];
    if (!client) return;
    server.allowFrom(hop.from, client.securityGroupId);
    for (const port of proxyPorts(specification))
      client.allowTo(hop.to, { securityGroupId: server.securityGroupId }, port);
  }
}

function handlesOf(services: Record<string, ServiceCompute>): Record<string, MachineHandles> {
  const machines = Object.entries(services).flatMap(([name, compute]): [string, MachineHandles][] =>
    compute instanceof MachineService ? [[name, compute.handles]] : [],
  );
  return Object.fromEntries(machines);
}

/** Values of those secrets only. */
function suppliedTo(
  secrets: Workload["secrets"],
  supplied: SaasWorkloadArgs["supplied"],
): SaasWorkloadArgs["supplied"] {
  return supplied && Object.fromEntries(Object.entries(supplied).filter(([name]) => name in secrets));
}

function mapEntries<T, R>(record: Record<string, T>, map: (key: string, value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(key, value)]));
}
