// AWS components: one service of a workload on machines of its own: log, identities, sessions, deliveries, alarms (CP-1, CP-3…CP-7, CP-9).
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { isIpv6Range } from "../../workload/egress-range";
import { databaseConnections } from "./database-connections";
import { LogStream } from "./log-stream";
import { MachineAccess } from "./machine-access";
import { MachineAlarms } from "./machine-alarms";
import { machineParts, machineUserData } from "./machine-configuration";
import { MachineDelivery } from "./machine-delivery";
import { machinePeers } from "./machine-egress";
import { MachineGroup } from "./machine-group";
import { MachineIdentities } from "./machine-identities";
import type { MachineParameters } from "./machine-parameters";
import { egressRule, type Peer } from "./security-group-rule";
import type { ServiceCompute } from "./service-compute";
import type { ServiceParts } from "./service-parts";
import { publishMetrics } from "./statements";
import type { WorkloadServiceArgs } from "./workload-service";

export interface MachineServiceArgs extends Omit<WorkloadServiceArgs, "secrets" | "rule" | "waitForSteadyState"> {
  /** Parameters of the workload's machines; this service's are among them. */
  parameters: MachineParameters;
  /** Wait until machines are in service and the image is delivered; false where no machine ever runs. */
  waitForDelivery: boolean;
}

/** What people need to work with a machine. */
export interface MachineHandles {
  /** Document that delivers an image by digest (CP-9). */
  deliveryDocument: pulumi.Output<string>;
  /** Document that a session is started with (CP-6). */
  sessionDocument: pulumi.Output<string>;
  /** Policy that allows both, attached to nobody. */
  operatorPolicyArn: pulumi.Output<string>;
  /** Parameters that an operator has yet to put; the units do not start before (CP-5). */
  awaitedParameters: string[];
}

/** @throws Error if the service has no machine, or a part of the workload adds what a machine cannot have. */
export class MachineService extends pulumi.ComponentResource implements ServiceCompute {
  /** Name of the auto scaling group. */
  readonly serviceName: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** None: nobody reaches a machine (CP-6). */
  readonly edgePorts: number[] = [];
  readonly handles: MachineHandles;
  /** Its alarms, by what they watch (RT-22). */
  readonly alarmArns: Record<string, pulumi.Output<string>>;

  private readonly ipv6: boolean;
  private readonly names: { delivery: string; session: string };

  constructor(
    private readonly component: string,
    private readonly args: MachineServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:MachineService", component, {}, options);
    const { service, serviceName, foundation } = args;
    const parts = machineParts(args.parts);
    this.ipv6 = service.network.egressRanges.some(isIpv6Range);
    this.names = { delivery: `${component}-deliver`, session: `${component}-session` };
    const child = { parent: this };

    const log = this.log();
    const sessions = this.log("sessions");
    const identities = this.identities(parts.statements, [log.logGroupArn, sessions.logGroupArn]);
    this.securityGroupId = this.securityGroup();
    for (const { name, peer, port } of [...parts.peers, ...machinePeers(service, this.ipv6)])
      this.allowTo(name, peer, port);
    const group = new MachineGroup(
      component,
      {
        service,
        subnetIds: foundation.network.privateSubnetIds,
        securityGroupId: this.securityGroupId,
        instanceProfileArn: identities.instanceProfileArn,
        userData: machineUserData(args, {
          logGroupName: log.logGroupName,
          processRoleArn: identities.processRoleArn,
          added: parts.environment,
          metricDimensions: this.metricDimensions(),
          ipv6: this.ipv6,
        }),
        diskKeyArn: foundation.keys.arnOf("artifacts"),
        ipv6: this.ipv6,
        serviceTag: component,
        waitForCapacity: args.waitForDelivery,
      },
      child,
    );
    const delivery = new MachineDelivery(
      component,
      {
        service,
        serviceName,
        region: args.context.region,
        logGroupName: this.logGroupName(),
        documentName: this.names.delivery,
        repositoryUrl: args.registry.urlOf(service.image.repository),
        imageDigest: args.imageDigest,
        gitSha: args.context.buildSha,
        serviceTag: component,
        waitForSuccess: args.waitForDelivery,
      },
      { parent: this, dependsOn: [group] },
    );
    const access = new MachineAccess(
      component,
      {
        region: args.context.region,
        accountId: args.accountId,
        documentName: this.names.session,
        logGroupName: sessions.logGroupName,
        keyArn: foundation.keys.arnOf("logs"),
        deliveryDocumentArn: delivery.documentArn,
        serviceTag: component,
      },
      child,
    );
    this.alarmArns = new MachineAlarms(
      component,
      {
        service,
        serviceName,
        groupName: group.groupName,
        metricDimensions: this.metricDimensions(),
        logGroupName: log.logGroupName,
        topicArn: foundation.alarmTopic.arn,
      },
      child,
    ).arns;
    this.serviceName = group.groupName;
    this.handles = {
      deliveryDocument: delivery.documentName,
      sessionDocument: access.sessionDocumentName,
      operatorPolicyArn: access.operatorPolicyArn,
      awaitedParameters: args.parameters.awaitedBy(serviceName),
    };
    this.registerOutputs({
      serviceName: this.serviceName,
      securityGroupId: this.securityGroupId,
      ...this.handles,
    });
  }

  /** @throws Error always: a machine has no inbound rule (CP-6). */
  allowFrom(callerName: string): never {
    throw new Error(`nobody may call machine \`${this.args.serviceName}\`, so neither may \`${callerName}\``);
  }

  allowTo(peerName: string, peer: Peer, port: number): void {
    egressRule(
      `${this.component}-to-${peerName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName, peer, port },
      this,
    );
  }

  private logGroupName(): string {
    const { workload, serviceName, context } = this.args;
    return `/palisade/${context.environment}/${workload.name}/${serviceName}`;
  }

  /** Log of the process and of deliveries, or of what people do in sessions (CP-4, CP-6). */
  private log(of?: "sessions"): LogStream {
    const { foundation, logDays } = this.args;
    return new LogStream(
      of ? `${this.component}-${of}` : this.component,
      {
        logGroupName: of ? `${this.logGroupName()}/${of}` : this.logGroupName(),
        retentionDays: logDays,
        keyArn: foundation.keys.arnOf("logs"),
        sink: foundation.logSink,
      },
      { parent: this },
    );
  }

  private securityGroup(): pulumi.Output<string> {
    // No rule lets anything in, and none ever will: sessions and deliveries are fetched by the agent (CP-6).
    return new ec2.SecurityGroup(
      this.component,
      { vpcId: this.args.foundation.network.vpcId, description: `Machines of ${this.component}` },
      { parent: this },
    ).id;
  }

  private identities(added: ServiceParts["statements"], logGroupArns: pulumi.Output<string>[]): MachineIdentities {
    const { workload, serviceName, service, foundation, registry, parameters, databases, accountId, context } =
      this.args;
    const { region } = context;
    const home = { region, accountId };
    return new MachineIdentities(
      this.component,
      {
        ...home,
        repositoryArn: registry.arnOf(service.image.repository),
        logGroupArns,
        documentArns: Object.values(this.names).map(
          name => pulumi.interpolate`arn:aws:ssm:${region}:${accountId}:document/${name}`,
        ),
        parameterPath: parameters.pathOf(serviceName),
        secretsKeyArn: foundation.keys.arnOf("secrets"),
        sessionKeyArn: foundation.keys.arnOf("logs"),
        processStatements: [
          ...databaseConnections(serviceName, workload, databases, home),
          publishMetrics(),
          ...(added ?? []),
        ],
      },
      { parent: this },
    );
  }

  private metricDimensions(): Record<string, string> {
    const { workload, serviceName, context } = this.args;
    return { Environment: context.environment, Service: serviceName, Workload: workload.name };
  }
}
