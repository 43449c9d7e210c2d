// AWS components: one workload as SaaS. Its registry, secrets, databases and services, wired as its specification says (PF-1, PF-2).
import * as pulumi from "@pulumi/pulumi";
import { logFiles } from "../../workload/log-files";
import { logShipperName } from "../../workload/volume-faults";
import type { Workload } from "../../workload/workload";
import { CostBudget } from "./cost-budget";
import { podServices } from "./eks-node-size";
import { EksServices } from "./eks-services";
import { EksWorkload } from "./eks-workload";
import { hasMachine } from "./endpoint-services";
import { followedVolumes, LogShipper } from "./log-shipper";
import { logsAndTenants } from "./logs-and-tenants";
import { MachineParameters, secretsOfTasks } from "./machine-parameters";
import type { MachineHandles } from "./machine-service";
import { Registry } from "./registry";
import type { SaasWorkloadArgs } from "./saas-workload-args";
import { WorkloadSecrets } from "./secrets";
import type { ServiceCompute } from "./service-compute";
import type { ServiceContributor } from "./service-parts";
import { TelemetryCollector } from "./telemetry-collector";
import { WorkloadApprovals } from "./workload-approvals";
import { WorkloadBuckets } from "./workload-buckets";
import { type ObservedService, WorkloadDashboard } from "./workload-dashboard";
import { WorkloadDatabases } from "./workload-databases";
import { WorkloadEgress } from "./workload-egress";
import { WorkloadFrontend } from "./workload-frontend";
import { openHops } from "./workload-hops";
import { WorkloadLease } from "./workload-lease";
import { WorkloadQueues } from "./workload-queues";
import { WorkloadServices } from "./workload-services";
import { tagWorkload, workloadTag } from "./workload-tags";
import { WorkloadVolumes } from "./workload-volumes";

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
  /** What people need to work with each machine, where there are machines (CP-5, CP-6, CP-9). */
  readonly machines?: Record<string, MachineHandles>;

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
    const { workload, foundation, environment, region, release } = args;
    const { buildSha } = release;
    const child = { parent: this };

    const registry = this.registry();
    const secrets = this.secrets();
    const parameters = hasMachine(workload) ? this.parameters(secrets) : undefined;
    const databases = this.stores();
    const volumes = this.volumes();
    const pods = foundation.eks !== undefined && podServices(workload).length > 0;
    // Pods have a proxy of their own kind in their namespace.
    const egress = pods ? undefined : new WorkloadEgress(component, { ...args, buildSha }, child);
    const buckets = new WorkloadBuckets(component, { ...args, buckets: workload.state.buckets }, child);
    const queues = new WorkloadQueues(component, args, child);
    const approvers = args.approvers ?? [];
    const approvals = new WorkloadApprovals(component, { ...args, buckets, queues, approvers, buildSha }, child);
    this.budget();
    const traced = { workload, images: foundation.images, environment, region, buildSha };
    const stores: ServiceContributor[] = [buckets, queues, approvals];
    const besideTasks = (): ServiceContributor[] => [
      volumes,
      ...logsAndTenants(component, args, this),
      new TelemetryCollector({ ...traced, ...args.tracing }),
      ...(egress ? [egress] : []),
      this.leases(),
    ];
    const supplies = { registry, secrets, parameters, databases, queues, buckets };
    const contributors = [...(pods ? [] : besideTasks()), ...stores];
    const made = new WorkloadServices(component, args, { ...supplies, contributors }, this, service =>
      pods ? service.machine !== undefined || service.resources.gpus > 0 : true,
    );
    const inPods = pods
      ? new EksServices(component, args, { ...supplies, contributors: stores, volumes }, this)
      : undefined;
    const logShipper = this.logShipper(volumes);
    const services = { ...made.computes, ...inPods?.computes, ...logShipper };
    volumes.admit({ ...services, ...inPods?.mounting() });
    openHops({ component, workload, foundation, services, databases, egress });
    if (inPods) new EksWorkload(component, args, inPods, { ...supplies, contributors: stores, volumes }, this);
    this.site = this.frontend();
    const shown = {
      title: workload.title,
      environment,
      region,
      release,
      services: [...made.observed, ...(inPods?.observed ?? [])],
    };
    new WorkloadDashboard(component, shown, child);

    const open = Object.values(workload.services).some(service => service.network.exposure === "public");
    this.url = open ? `https://${args.hostName}` : undefined;
    this.repositories = mapEntries(workload.services, (_, s) => registry.urlOf(s.image.repository));
    this.services = mapEntries({ ...made.computes, ...inPods?.computes }, (_, compute) => compute.serviceName);
    this.alarms = { ...made.alarms, ...inPods?.alarms };
    if (parameters) this.machines = made.machines;
    const { postgres, vectors } = databases;
    this.databases = { ...(postgres && { postgres: postgres.host }), ...(vectors && { vectors: vectors.host }) };
    this.registerOutputs({ url: this.url, services: this.services, databases: this.databases, alarms: this.alarms });
  }

  private registry(): Registry {
    const { workload, foundation, environment, buildImage, disposable } = this.args;
    return new Registry(
      this.component,
      {
        repositories: Object.values(workload.services).map(service => service.image.repository),
        namespace: environment,
        keyArn: foundation.keys.arnOf("artifacts"),
        mutableTags: buildImage !== undefined,
        forceDelete: disposable,
      },
      { parent: this },
    );
  }

  private secrets(): WorkloadSecrets {
    const { workload, foundation, accountId, secretRecoveryDays, supplied } = this.args;
    const secrets = secretsOfTasks(workload);
    return new WorkloadSecrets(
      this.component,
      {
        secrets,
        keyArn: foundation.keys.arnOf("secrets"),
        accountId,
        recoveryWindowInDays: secretRecoveryDays,
        supplied: suppliedTo(secrets, supplied),
      },
      { parent: this },
    );
  }

  private parameters(secrets: WorkloadSecrets): MachineParameters {
    const { workload, foundation, environment, supplied } = this.args;
    return new MachineParameters(
      this.component,
      {
        environment,
        workload,
        keyArn: foundation.keys.arnOf("secrets"),
        supplied,
        generatedValue: secret => secrets.generatedValue(secret),
      },
      { parent: this },
    );
  }

  private stores(): WorkloadDatabases {
    const { workload, foundation, databases: choices, logDays } = this.args;
    return new WorkloadDatabases(
      this.component,
      { state: workload.state, foundation, choices, logDays },
      { parent: this },
    );
  }

  private volumes(): WorkloadVolumes {
    const { workload, foundation, disposable, volumeLoaders: loaders } = this.args;
    return new WorkloadVolumes(
      `${this.component}-volumes`,
      { volumes: followedVolumes(workload), foundation, disposable, loaders },
      { parent: this },
    );
  }

  private budget(): void {
    const { accountId, foundation, monthlyBudgetUsd: monthlyUsd } = this.args;
    if (monthlyUsd === undefined) return;
    const tag = { key: workloadTag, value: this.component };
    const topicArn = foundation.alarmTopic.arn;
    new CostBudget(this.component, { accountId, monthlyUsd, tag, topicArn }, { parent: this });
  }

  private leases(): WorkloadLease {
    const { workload, foundation, region, disposable } = this.args;
    const { dynamodbPrefixListId } = foundation.endpoints;
    const keyArn = foundation.keys.arnOf("customer");
    return new WorkloadLease(
      this.component,
      { workload, region, keyArn, dynamodbPrefixListId, disposable },
      { parent: this },
    );
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
