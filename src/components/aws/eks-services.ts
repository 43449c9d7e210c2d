// AWS components: the services of one workload as pods of EKS: what each has of AWS, and the objects that run it (PF-1, SA-9, SA-13).
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { storeKinds } from "../../workload/hops";
import type { Service } from "../../workload/workload";
import type { KubernetesObject } from "../kubernetes/object";
import type { PodParts } from "../kubernetes/pod-parts";
import { databaseConnections } from "./database-connections";
import type { EksEnvironment } from "./eks-environment";
import { isManaged } from "./eks-home";
import { partLogGroup } from "./eks-log-shipping";
import { podServices } from "./eks-node-size";
import { directoryObjects, edgeService, securityGroupPolicy } from "./eks-objects";
import { eksPodParts } from "./eks-pod-parts";
import { EksService } from "./eks-service";
import { LogRecordMetrics } from "./log-record-metrics";
import { LogStream } from "./log-stream";
import type { SaasWorkloadArgs } from "./saas-workload-args";
import { egressRule, ingressRule } from "./security-group-rule";
import { ServiceAlarms } from "./service-alarms";
import type { ServiceCompute } from "./service-compute";
import { resolveEnvironment } from "./service-environment";
import { combineParts } from "./service-parts";
import { publishMetrics } from "./statements";
import type { ObservedService } from "./workload-dashboard";
import type { ServiceSupplies } from "./workload-services";
import type { WorkloadVolumes } from "./workload-volumes";

export interface EksSupplies extends ServiceSupplies {
  volumes: WorkloadVolumes;
}

/** Not a component: the services are children of their workload. */
export class EksServices {
  readonly computes: Record<string, EksService> = {};
  readonly observed: ObservedService[] = [];
  /** ARNs of the alarms of each service, by what they watch (RT-22). */
  readonly alarms: Record<string, ObservedService["alarmArns"]> = {};
  /** What AWS adds to the pods of each service. */
  readonly parts: Record<string, PodParts> = {};
  /** Objects besides those that a cluster anywhere has. */
  readonly objects: KubernetesObject[] = [];
  /** Of the platform's helpers beside the services. */
  private readonly helpers: ec2.SecurityGroup;
  private readonly cluster: EksEnvironment;

  /** @throws Error if a part of the workload adds a container to a task: pods have none of those. */
  constructor(
    private readonly component: string,
    private readonly args: SaasWorkloadArgs,
    private readonly supplies: EksSupplies,
    private readonly parent: pulumi.Resource,
  ) {
    const { eks, network } = args.foundation;
    if (!eks) throw new Error("`foundation` has no cluster of EKS");
    this.cluster = eks;
    this.helpers = new ec2.SecurityGroup(
      `${component}-helpers`,
      { vpcId: network.vpcId, description: `Helpers of ${component}` },
      { parent },
    );
    this.openHelpers();
    for (const [name, service] of podServices(args.workload)) this.add(name, service);
  }

  /** What the file systems admit: nodes mount for their pods. */
  mounting(): Record<string, Pick<ServiceCompute, "securityGroupId">> {
    const nodes = { securityGroupId: this.cluster.network.nodeGroupId };
    return Object.fromEntries(Object.keys(this.computes).map(name => [name, nodes]));
  }

  /** The helpers among the objects get the group made for them, and each a log group. */
  addHelpers(parts: readonly string[]): void {
    for (const part of parts.filter(name => !(name in this.computes))) {
      this.objects.push(securityGroupPolicy(this.partOf(part), this.helpers.id));
      this.log(part);
    }
  }

  private partOf(part: string) {
    const { workload, environment } = this.args;
    return { workload: workload.name, namespace: `${workload.name}-${environment}`, part };
  }

  private log(part: string): LogStream {
    const { workload, environment, foundation, logDays } = this.args;
    return new LogStream(
      `${this.component}-${part}`,
      {
        logGroupName: partLogGroup(environment, workload.name, part),
        retentionDays: logDays,
        keyArn: foundation.keys.arnOf("logs"),
        sink: foundation.logSink,
      },
      { parent: this.parent },
    );
  }

  private add(name: string, service: Service): void {
    const { workload, environment, region, accountId, foundation } = this.args;
    const component = `${this.component}-${name}`;
    const child = { parent: this.parent };
    const { sidecars, onRole, statements, environment: added, peers } = this.combined(name);
    if (sidecars.length > 0)
      throw new Error(`service \`${name}\` has containers of tasks beside it: ${sidecars.map(s => s.name).join(", ")}`);
    const compute = new EksService(
      component,
      {
        service,
        serviceName: name,
        namespace: this.partOf(name).namespace,
        region,
        accountId,
        vpcId: foundation.network.vpcId,
        cluster: this.cluster,
        statements: [
          ...databaseConnections(name, workload, this.supplies.databases, { region, accountId }),
          publishMetrics(),
          ...statements,
        ],
        route: this.route(name, service),
      },
      child,
    );
    for (const tell of onRole) tell(compute.roleArn);
    for (const { name: peerName, peer, port } of peers) compute.allowTo(peerName, peer, port);
    this.meetHelpers(component, compute.securityGroupId);
    this.computes[name] = compute;
    const directories = this.directories(name);
    this.parts[name] = eksPodParts({
      service,
      environment: { ...this.managedVariables(name, service), ...added },
      ranges: foundation.network.ranges,
      buckets: statements.some(({ Action }) => [Action].flat().some(action => String(action).startsWith("s3:"))),
      databases: storeKinds.some(kind => workload.state[kind]?.clients.includes(name)),
      directories,
    });
    this.objects.push(securityGroupPolicy(this.partOf(name), compute.securityGroupId));
    const [traffic] = service.ports;
    const nodes = this.args.nodePorts?.get(`${workload.name}/${name}`);
    if (compute.route && traffic && nodes) this.objects.push(edgeService(this.partOf(name), traffic.number, nodes));
    const { logGroupName } = this.log(name);
    new LogRecordMetrics(component, { logGroupName, environment, workload: workload.name, service: name }, child);
    this.watch(name, service, compute, logGroupName);
  }

  private combined(name: string) {
    return combineParts(this.supplies.contributors.map(contributor => contributor.partsFor(name)));
  }

  private route(name: string, service: Service) {
    const { workload, foundation, hostName, rulePriority, nodePorts } = this.args;
    if (service.network.exposure !== "public") return undefined;
    const nodes = nodePorts?.get(`${workload.name}/${name}`);
    if (!foundation.edge || !nodes)
      throw new Error(`\`foundation\` has no edge, or \`nodePorts\` no port, but service \`${name}\` is public`);
    const { edge } = foundation;
    return { edge, nodes, listenerArn: edge.listenerArn, hostNames: [hostName], priority: rulePriority };
  }

  /** Variables of the specification that name stores of AWS; the others mean the same in every cluster. */
  private managedVariables(name: string, service: Service) {
    const { workload, environment, region, release, hostName, frontendOrigin } = this.args;
    const { databases, buckets } = this.supplies;
    const own = Object.fromEntries(Object.entries(service.environment).filter(([, value]) => isManaged(value)));
    return resolveEnvironment(
      name,
      { ...service, environment: own },
      {
        environment,
        region,
        buildSha: release.buildSha,
        publicOrigin: `https://${hostName}`,
        frontendOrigin,
        buckets: buckets.names,
        services: workload.services,
        databases,
      },
    );
  }

  /** Directories that nodes mount for the service; their role may do with each what the service may (IS-9). */
  private directories(name: string) {
    const { workload } = this.args;
    const { volumes = [], mounts = [], statements = [], onRole = [] } = this.supplies.volumes.partsFor(name);
    const { filesRole } = this.cluster;
    if (volumes.length === 0) return [];
    if (!filesRole) throw new Error("`foundation.eks` mounts no file systems, but the workload has some");
    filesRole.allow(`${this.component}-${name}`, statements);
    for (const tell of onRole) tell(filesRole.arn);
    for (const { name: volume, fileSystemId, accessPointId } of volumes) {
      const sizeGiB = workload.state.volumes[volume]?.sizeGiB ?? 1;
      const of = this.partOf(name);
      const made = this.objects.some(({ kind, metadata }) => kind.endsWith("Claim") && metadata.name === volume);
      if (made) continue;
      this.objects.push(
        ...directoryObjects(of, {
          volume,
          fileSystemId: pulumi.output(fileSystemId),
          accessPointId: pulumi.output(accessPointId),
          sizeGiB,
        }),
      );
    }
    return mounts.map(({ volume, path, readOnly }) => ({ claim: volume, path, readOnly }));
  }

  /** Helpers resolve names, and may call the API server and, for those who have a way out, the internet; policies of their pods say which of them does what (SA-9, RT-27). */
  private openHelpers(): void {
    const { workload, foundation } = this.args;
    const name = `${this.component}-helpers`;
    this.cluster.network.serve(name, this.helpers.id, []);
    this.cluster.network.admitToApi(name, this.helpers.id);
    this.between(`${name}-nodes`, "nodes", this.cluster.network.nodeGroupId, this.helpers.id);
    foundation.endpoints.admit(name, this.helpers.id);
    const out = (peerName: string, peer: Parameters<typeof egressRule>[1]["peer"]) =>
      egressRule(
        `${name}-to-${peerName}-443`,
        { securityGroupId: this.helpers.id, peerName, peer, port: 443 },
        this.parent,
      );
    out("aws-endpoints", { securityGroupId: foundation.endpoints.securityGroupId });
    if (podServices(workload).some(([, { network }]) => network.egress.length > 0))
      out("internet", { cidrIpv4: "0.0.0.0/0" });
  }

  /** Services and helpers of one workload reach each other, on whatever port; policies of their pods name the ports (SA-9). */
  private meetHelpers(component: string, securityGroupId: pulumi.Input<string>): void {
    this.between(`${component}-helpers`, "helpers", this.helpers.id, securityGroupId);
    this.between(`${component}-service`, "service", securityGroupId, this.helpers.id);
  }

  private between(name: string, peerName: string, from: pulumi.Input<string>, to: pulumi.Input<string>): void {
    const ports = { port: 1024, lastPort: 29_999 };
    egressRule(
      `${name}-out`,
      { securityGroupId: from, peerName, peer: { securityGroupId: to }, ...ports },
      this.parent,
    );
    ingressRule(
      `${name}-in`,
      { securityGroupId: to, peerName, peer: { securityGroupId: from }, ...ports },
      this.parent,
    );
  }

  private watch(name: string, service: Service, compute: EksService, logGroupName: pulumi.Output<string>): void {
    const { workload, environment, foundation } = this.args;
    const { edge } = foundation;
    const requests = compute.route &&
      edge && {
        loadBalancerArnSuffix: edge.loadBalancerArnSuffix,
        targetGroupArnSuffix: compute.route.targetGroupArnSuffix,
      };
    const clusterName = this.cluster.name;
    const dimensions = { Environment: environment, Service: name, Workload: workload.name };
    const { namespace } = this.partOf(name);
    const { arns } = new ServiceAlarms(
      `${this.component}-${name}`,
      {
        service,
        clusterName,
        serviceName: compute.serviceName,
        namespace,
        requests,
        metricDimensions: dimensions,
        logGroupName,
        topicArn: foundation.alarmTopic.arn,
      },
      { parent: this.parent },
    );
    this.alarms[name] = arns;
    this.observed.push({
      name,
      service,
      clusterName,
      ecsServiceName: compute.serviceName,
      namespace,
      requests,
      dimensions,
      alarmArns: arns,
    });
  }
}
