// AWS components: one service of a workload with all that is its own: log, identities, tasks, scaling, alarms (SA-3, SA-12, SA-13).
import * as pulumi from "@pulumi/pulumi";
import { queuesOf } from "../../workload/hand-off";
import { storeKinds } from "../../workload/hops";
import type { Service, Workload } from "../../workload/workload";
import { ServiceAutoscaling } from "./autoscaling";
import type { EdgeRouteArgs } from "./edge-route";
import { ExecutionRole } from "./execution-role";
import { FargateService, type FargateServiceArgs } from "./fargate-service";
import { warmUpSeconds } from "./gpu-capacity";
import { GpuService } from "./gpu-service";
import { LogStream } from "./log-stream";
import type { Registry } from "./registry";
import type { SaasFoundation } from "./saas-foundation";
import type { WorkloadSecrets } from "./secrets";
import { ServiceAlarms } from "./service-alarms";
import type { ServiceCompute } from "./service-compute";
import { type EnvironmentContext, resolveEnvironment } from "./service-environment";
import { combineParts, type ServiceParts } from "./service-parts";
import { databaseConnect, publishMetrics } from "./statements";
import { TaskRole } from "./task-role";
import type { WorkloadDatabases } from "./workload-databases";
import type { WorkloadQueues } from "./workload-queues";

export interface WorkloadServiceArgs {
  workload: Workload;
  serviceName: string;
  service: Service;
  foundation: SaasFoundation;
  registry: Registry;
  secrets: WorkloadSecrets;
  databases: WorkloadDatabases;
  queues: WorkloadQueues;
  accountId: pulumi.Input<string>;
  /** Digest of the image (RT-1). */
  imageDigest: string;
  /** What the variables of the specification are resolved from. */
  context: Omit<EnvironmentContext, "services" | "databases">;
  /** What the rest of the workload adds to the service. */
  parts: ServiceParts[];
  /** Host names and order of the edge's rule, for a public service. */
  rule: Pick<EdgeRouteArgs, "hostNames" | "priority">;
  /** Least number of days that logs are kept (RT-23). */
  logDays: number;
  /** Wait until new tasks are healthy. */
  waitForSteadyState: boolean;
}

export class WorkloadService extends pulumi.ComponentResource {
  readonly compute: ServiceCompute;

  constructor(
    name: string,
    private readonly args: WorkloadServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadService", name, {}, options);
    const { workload, serviceName, service, foundation, context } = args;
    const { region, environment } = context;
    const repository = service.image.repository;
    const { environment: added, ...parts } = combineParts(args.parts);
    const child = { parent: this };

    const log = new LogStream(
      name,
      {
        logGroupName: `/palisade/${environment}/${workload.name}/${serviceName}`,
        retentionDays: args.logDays,
        keyArn: foundation.keys.arnOf("logs"),
        sink: foundation.logSink,
      },
      child,
    );
    const secretArns = this.secretArns();
    const executionRole = new ExecutionRole(
      name,
      {
        region,
        accountId: args.accountId,
        repositoryArns: [args.registry.arnOf(repository), ...parts.repositoryArns],
        logGroupArns: [log.logGroupArn],
        secretArns: Object.values(secretArns),
        secretKeyArns: Object.keys(secretArns).length > 0 ? [foundation.keys.arnOf("secrets")] : [],
      },
      child,
    );
    const taskRole = new TaskRole(
      name,
      { region, accountId: args.accountId, statements: [...this.connections(), publishMetrics(), ...parts.statements] },
      child,
    );
    const task: FargateServiceArgs = {
      region,
      serviceName,
      service,
      image: pulumi.interpolate`${args.registry.urlOf(repository)}@${args.imageDigest}`,
      executionRoleArn: executionRole.arn,
      taskRoleArn: taskRole.arn,
      logGroupName: log.logGroupName,
      environment: {
        ...resolveEnvironment(serviceName, service, {
          ...context,
          services: workload.services,
          databases: args.databases,
        }),
        ...added,
      },
      volumes: parts.volumes,
      mounts: parts.mounts,
      sidecars: parts.sidecars,
      secretArns,
      clusterArn: foundation.cluster.arn,
      namespaceArn: foundation.cluster.namespaceArn,
      vpcId: foundation.network.vpcId,
      subnetIds: foundation.network.privateSubnetIds,
      route: this.route(),
      tls: {
        authorityArn: foundation.serviceCa.arn,
        roleArn: foundation.serviceCa.roleArn,
        keyArn: foundation.keys.arnOf("secrets"),
      },
      waitForSteadyState: args.waitForSteadyState,
    };
    this.compute =
      service.resources.gpus > 0
        ? new GpuService(
            name,
            { ...task, accountId: args.accountId, keyArn: foundation.keys.arnOf("artifacts") },
            child,
          )
        : new FargateService(name, task, child);
    for (const { name: peerName, peer, port } of parts.peers) this.compute.allowTo(peerName, peer, port);
    this.watch(name);
    this.registerOutputs({ serviceName: this.compute.serviceName });
  }

  /** Secrets the service may read, by the variable each becomes (SA-8). */
  private secretArns(): Record<string, pulumi.Output<string>> {
    const { workload, serviceName, secrets } = this.args;
    const own = Object.entries(workload.secrets).filter(([, secret]) => secret.readers.includes(serviceName));
    return Object.fromEntries(own.map(([name]) => [name, secrets.arnOf(name)]));
  }

  /** Permission to connect to each store, as the database user of the service's name (SA-13). */
  private connections() {
    const { workload, serviceName, databases, accountId, context } = this.args;
    return storeKinds.flatMap(kind => {
      const database = databases[kind];
      if (!database || !workload.state[kind]?.clients.includes(serviceName)) return [];
      return [databaseConnect(context.region, accountId, database.resourceId, serviceName)];
    });
  }

  private route() {
    const { service, foundation, rule } = this.args;
    if (service.network.exposure !== "public") return undefined;
    const { listenerArn, securityGroupId } = foundation.edge;
    return { ...rule, listenerArn, edgeSecurityGroupId: securityGroupId };
  }

  private watch(name: string): void {
    const { workload, serviceName, service, foundation, context } = this.args;
    const { compute } = this;
    const burst = compute instanceof GpuService;
    const route = compute instanceof FargateService ? compute.route : undefined;
    const common = {
      clusterName: burst ? compute.clusterName : foundation.cluster.name,
      serviceName: compute.serviceName,
      requests: route && {
        loadBalancerArnSuffix: foundation.edge.loadBalancerArnSuffix,
        targetGroupArnSuffix: route.targetGroupArnSuffix,
      },
      metricDimensions: { Environment: context.environment, Service: serviceName, Workload: workload.name },
    };
    const queueNames = queuesOf(workload.state, serviceName).map(queue => this.args.queues.find(queue).name);
    const queues = queueNames.length > 0 ? { queueNames, ...(burst && { warmUpSeconds }) } : undefined;
    new ServiceAutoscaling(name, { ...common, scaling: service.scaling, queues }, { parent: this });
    new ServiceAlarms(name, { ...common, service, topicArn: foundation.alarmTopic.arn }, { parent: this });
  }
}
