// AWS components: one service of a workload on Fargate. Private, rolling, health-gated, reached by named peers (SA-3, SA-9, SA-12).
import * as ec2 from "@pulumi/aws/ec2";
import * as ecs from "@pulumi/aws/ecs";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { EdgeRoute, type EdgeRouteArgs, publicPorts } from "./edge-route";
import { FargateTask, type FargateTaskArgs } from "./fargate-task";
import { egressRule, ingressRule, type Peer } from "./security-group-rule";
import type { ServiceCompute } from "./service-compute";
import { connectRole, proxyPorts, proxyResources, type ServiceTls, serviceConnect } from "./service-connect";

export interface FargateServiceArgs extends Omit<FargateTaskArgs, "reserved"> {
  clusterArn: pulumi.Input<string>;
  namespaceArn: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  /** Private subnets (SA-2). */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Way from the edge; needed by a public service, refused otherwise. */
  route?: Omit<EdgeRouteArgs, "service" | "vpcId"> & { edgeSecurityGroupId: pulumi.Input<string> };
  /** Certificates for calls from other services; needed by one that may be called (SA-6, SA-13). */
  tls?: ServiceTls;
  /** Never two tasks at once, not even for a rollout: the old one ends before the new one starts; default false. */
  singleton?: boolean;
  /** Wait until the new tasks are healthy, so that a failed rollout fails the update; default true. False where no task ever runs. */
  waitForSteadyState?: boolean;
}

/** @throws Error if Fargate cannot run the service, or `route` and `tls` do not fit its exposure. */
export class FargateService extends pulumi.ComponentResource implements ServiceCompute {
  /** Name of the ECS service, as autoscaling and CloudWatch's dimension `ServiceName` have it. */
  readonly serviceName: pulumi.Output<string>;
  readonly taskDefinitionArn: pulumi.Output<string>;
  /** The same task at `resources.ceiling`, for whoever moves the service there; if it has a ceiling (RT-6). */
  readonly ceilingTaskDefinitionArn?: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Way from the edge, of a public service. */
  readonly route?: EdgeRoute;
  /** Ports on which the edge reaches the tasks; none unless the service is public. */
  readonly edgePorts: number[];

  constructor(
    private readonly component: string,
    private readonly args: FargateServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireRoute(args);
    super("palisade:aws:FargateService", component, {}, options);
    const { service, serviceName } = args;

    const reserved = connectRole(service) === "none" ? undefined : proxyResources;
    const task = new FargateTask(component, { ...args, reserved }, { parent: this });
    const { ceiling, ...base } = service.resources;
    if (ceiling) {
      const largest = { ...service, resources: { ...base, ...ceiling } };
      const at = new FargateTask(`${component}-ceiling`, { ...args, service: largest, reserved }, { parent: this });
      this.ceilingTaskDefinitionArn = at.arn;
    }
    // No rules but those of the edge, `allowFrom` and `allowTo`.
    const group = new ec2.SecurityGroup(
      component,
      { vpcId: args.vpcId, description: `Tasks of ${component}` },
      { parent: this },
    );
    this.securityGroupId = group.id;
    this.edgePorts = args.route ? edgePorts(service) : [];
    if (args.route) this.route = this.openToEdge(args.route);

    const ecsService = new ecs.Service(
      component,
      {
        cluster: args.clusterArn,
        taskDefinition: task.arn,
        ...capacity(service),
        desiredCount: service.scaling.minReplicas,
        networkConfiguration: { subnets: args.subnetIds, securityGroups: [group.id], assignPublicIp: false },
        ...this.loadBalancer(),
        serviceConnectConfiguration: serviceConnect(serviceName, service, args),
        ...(args.singleton ? oneAtATime : rollout),
        waitForSteadyState: args.waitForSteadyState ?? true,
        // No shell into a task, for anybody (SA-13).
        enableExecuteCommand: false,
        enableEcsManagedTags: true,
        propagateTags: "SERVICE",
      },
      // The autoscaler owns the number of tasks from the first minute on.
      { parent: this, ignoreChanges: ["desiredCount"] },
    );

    this.serviceName = ecsService.name;
    this.taskDefinitionArn = task.arn;
    this.registerOutputs({
      serviceName: this.serviceName,
      taskDefinitionArn: this.taskDefinitionArn,
      securityGroupId: this.securityGroupId,
    });
  }

  /**
   * Lets another service call this one (SA-9, SA-13).
   * @throws Error if the specification lets nobody call it.
   */
  allowFrom(callerName: string, securityGroupId: pulumi.Input<string>): void {
    if (connectRole(this.args.service) !== "server")
      throw new Error(`nobody may call service \`${this.args.serviceName}\`, so neither may \`${callerName}\``);
    for (const port of proxyPorts(this.args.service)) this.ingress(callerName, securityGroupId, port);
  }

  /** Lets the tasks reach a peer: another service, a database, an endpoint of AWS, the internet (SA-9). */
  allowTo(peerName: string, peer: Peer, port: number): void {
    egressRule(
      `${this.component}-to-${peerName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName, peer, port },
      this,
    );
  }

  private ingress(peerName: string, securityGroupId: pulumi.Input<string>, port: number): void {
    ingressRule(
      `${this.component}-from-${peerName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName, peer: { securityGroupId }, port },
      this,
    );
  }

  private openToEdge({ edgeSecurityGroupId, ...route }: NonNullable<FargateServiceArgs["route"]>): EdgeRoute {
    const { service, vpcId } = this.args;
    for (const port of this.edgePorts) this.ingress("edge", edgeSecurityGroupId, port);
    return new EdgeRoute(this.component, { ...route, service, vpcId }, { parent: this });
  }

  private loadBalancer() {
    if (!this.route) return {};
    const { service, serviceName } = this.args;
    const { traffic, health } = publicPorts(service);
    return {
      loadBalancers: [
        { targetGroupArn: this.route.targetGroupArn, containerName: serviceName, containerPort: traffic.number },
      ],
      healthCheckGracePeriodSeconds: health.graceSeconds,
    };
  }
}

/** New tasks are healthy before old ones go; a rollout that does not get there goes back by itself (SA-10). */
const rollout = {
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  deploymentCircuitBreaker: { enable: true, rollback: true },
  availabilityZoneRebalancing: "ENABLED",
};

/** What must not run twice has a gap instead. ECS moves no task between zones where it may not start a second one. */
const oneAtATime = {
  ...rollout,
  deploymentMinimumHealthyPercent: 0,
  deploymentMaximumPercent: 100,
  availabilityZoneRebalancing: "DISABLED",
};

/** Spot costs less and is taken away at two minutes' notice, in which the tasks drain (CP-12). */
function capacity({ interruptible }: Service) {
  return interruptible
    ? { capacityProviderStrategies: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }] }
    : { launchType: "FARGATE" };
}

function edgePorts(service: Service): number[] {
  const { traffic, healthPort } = publicPorts(service);
  return [...new Set([traffic.number, healthPort.number])];
}

function requireRoute({ service, serviceName, route }: FargateServiceArgs): void {
  const open = service.network.exposure === "public";
  if (open && !route) throw new Error(`\`route\` is missing; service \`${serviceName}\` is public`);
  if (!open && route)
    throw new Error(
      `\`route\` is given, but the exposure of service \`${serviceName}\` is \`${service.network.exposure}\``,
    );
}
