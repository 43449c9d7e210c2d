// AWS components: one service of a workload with all that is its own: log, identities, tasks, scaling, alarms (SA-3, SA-12, SA-13).
import * as pulumi from "@pulumi/pulumi";
import { queuesOf } from "../../workload/hand-off";
import type { Service, Workload } from "../../workload/workload";
import { ServiceAutoscaling } from "./autoscaling";
import { CapacityLadder } from "./capacity-ladder";
import { databaseConnections } from "./database-connections";
import type { EdgeRouteArgs } from "./edge-route";
import { ExecutionRole } from "./execution-role";
import { FargateService, type FargateServiceArgs } from "./fargate-service";
import { warmUpSeconds } from "./gpu-capacity";
import { GpuService } from "./gpu-service";
import { LogRecordMetrics } from "./log-record-metrics";
import { LogStream } from "./log-stream";
import type { Registry } from "./registry";
import type { SaasFoundation } from "./saas-foundation";
import type { WorkloadSecrets } from "./secrets";
import { ServiceAlarms } from "./service-alarms";
import type { ServiceCompute } from "./service-compute";
import { type EnvironmentContext, resolveEnvironment } from "./service-environment";
import { combineParts, type ServiceParts } from "./service-parts";
import { publishMetrics } from "./statements";
import { TaskRole } from "./task-role";
import { hasLadder, ThrottleParameter } from "./throttle-parameter";
import type { ObservedService } from "./workload-dashboard";
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
  imageDigest: pulumi.Input<string>;
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
  /** What a dashboard shows of it. */
  readonly observed: ObservedService;

  constructor(
    name: string,
    private readonly args: WorkloadServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:WorkloadService", name, {}, options);
    const { workload, serviceName, service, foundation, context } = args;
    const { region, environment } = context;
    const repository = service.image.repository;
    const child = { parent: this };
    const throttle = this.throttle(name);
    const { environment: added, ...parts } = combineParts([...args.parts, ...(throttle ? [throttle.parts] : [])]);

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
    new LogRecordMetrics(
      name,
      { logGroupName: log.logGroupName, environment, workload: workload.name, service: serviceName },
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
      {
        region,
        accountId: args.accountId,
        statements: [
          ...databaseConnections(serviceName, workload, args.databases, { region, accountId: args.accountId }),
          publishMetrics(),
          ...parts.statements,
        ],
      },
      child,
    );
    for (const tell of parts.onRole) tell(taskRole.arn);
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
    this.observed = this.watch(name, log.logGroupName);
    if (throttle && this.compute instanceof FargateService) this.ladder(name, throttle, this.compute);
    this.registerOutputs({ serviceName: this.compute.serviceName });
  }

  /** Secrets the service may read, by the variable each becomes (SA-8). */
  private secretArns(): Record<string, pulumi.Output<string>> {
    const { workload, serviceName, secrets } = this.args;
    const own = Object.entries(workload.secrets).filter(([, secret]) => secret.readers.includes(serviceName));
    return Object.fromEntries(own.map(([name]) => [name, secrets.arnOf(name)]));
  }

  private route() {
    const { serviceName, service, foundation, rule } = this.args;
    if (service.network.exposure !== "public") return undefined;
    if (!foundation.edge) throw new Error(`\`foundation\` has no edge, but service \`${serviceName}\` is public`);
    const { listenerArn, securityGroupId } = foundation.edge;
    return { ...rule, listenerArn, edgeSecurityGroupId: securityGroupId };
  }

  /** Where it reads how much it may take, if it can be held back or grow (RT-7). */
  private throttle(name: string): ThrottleParameter | undefined {
    const { service, foundation, context } = this.args;
    if (!hasLadder(service)) return undefined;
    const keyArn = foundation.keys.arnOf("secrets");
    const description = `Throttle of ${name}`;
    return new ThrottleParameter(`${name}-throttle`, { region: context.region, keyArn, description }, { parent: this });
  }

  /** What alarms, autoscaling and the ladder look at. */
  private measured() {
    const { workload, serviceName, foundation, context } = this.args;
    const { compute } = this;
    const route = compute instanceof FargateService ? compute.route : undefined;
    const { edge } = foundation;
    return {
      clusterName: compute instanceof GpuService ? compute.clusterName : foundation.cluster.name,
      serviceName: compute.serviceName,
      requests: route &&
        edge && {
          loadBalancerArnSuffix: edge.loadBalancerArnSuffix,
          targetGroupArnSuffix: route.targetGroupArnSuffix,
        },
      metricDimensions: { Environment: context.environment, Service: serviceName, Workload: workload.name },
    };
  }

  private watch(name: string, logGroupName: pulumi.Output<string>): ObservedService {
    const { workload, serviceName, service, foundation } = this.args;
    const measured = this.measured();
    const queueNames = queuesOf(workload.state, serviceName).map(queue => this.args.queues.find(queue).name);
    const burst = this.compute instanceof GpuService;
    const queues = queueNames.length > 0 ? { queueNames, ...(burst && { warmUpSeconds }) } : undefined;
    new ServiceAutoscaling(name, { ...measured, scaling: service.scaling, queues }, { parent: this });
    const topicArn = foundation.alarmTopic.arn;
    // A burst has a cluster of its own, and a cap.
    const brakeArn = burst ? undefined : foundation.restartBrake.functionArn;
    const alarms = { ...measured, service, logGroupName, topicArn, brakeArn };
    const { arns } = new ServiceAlarms(name, alarms, { parent: this });
    const { clusterName, serviceName: ecsServiceName, requests, metricDimensions: dimensions } = measured;
    return { name: serviceName, service, clusterName, ecsServiceName, requests, dimensions, alarmArns: arns };
  }

  /** Holds it back under load, and lets it grow when that is not enough (RT-6, RT-7). */
  private ladder(name: string, throttle: ThrottleParameter, fargate: FargateService): void {
    const { workload, serviceName, service, foundation, context } = this.args;
    new CapacityLadder(
      `${name}-ladder`,
      {
        ...this.measured(),
        service,
        region: context.region,
        accountId: this.args.accountId,
        throttle,
        throttleKeyArn: foundation.keys.arnOf("secrets"),
        taskDefinitions: { base: fargate.taskDefinitionArn, ceiling: fargate.ceilingTaskDefinitionArn },
        keyArn: foundation.keys.arnOf("artifacts"),
        log: {
          logGroupName: `/palisade/${context.environment}/${workload.name}/${serviceName}/capacity-ladder`,
          retentionDays: this.args.logDays,
          keyArn: foundation.keys.arnOf("logs"),
          sink: foundation.logSink,
        },
        origin: {
          environment: context.environment,
          workload: workload.name,
          service: "capacity-ladder",
          buildSha: context.buildSha,
        },
        topicArn: foundation.alarmTopic.arn,
      },
      { parent: this },
    );
  }
}
