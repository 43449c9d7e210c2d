// AWS components: what one service in EKS has of AWS: its identity, its security group, its way from the edge. Its pods are Kubernetes objects (SA-9, SA-13, CP-3).
import * as autoscaling from "@pulumi/aws/autoscaling";
import * as ec2 from "@pulumi/aws/ec2";
import type { PolicyStatement } from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import type { Edge } from "./edge";
import { EdgeRoute, type EdgeRouteArgs } from "./edge-route";
import type { EksEnvironment } from "./eks-environment";
import type { NodePorts } from "./eks-node-ports";
import { PodRole } from "./eks-pod-role";
import { egressRule, ingressRule, type Peer } from "./security-group-rule";
import type { ServiceCompute } from "./service-compute";

export interface EksServiceArgs {
  service: Service;
  /** Name of its Deployment and of its service account. */
  serviceName: string;
  namespace: string;
  region: string;
  accountId: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  cluster: EksEnvironment;
  /** What its own identity may do (CP-3). */
  statements: PolicyStatement[];
  /** Way from the edge; needed by a public service, refused otherwise. */
  route?: Omit<EdgeRouteArgs, "service" | "vpcId" | "nodes"> & { edge: Edge; nodes: NodePorts };
}

/** @throws Error if `route` does not fit the service's exposure. */
export class EksService extends pulumi.ComponentResource implements ServiceCompute {
  readonly serviceName: pulumi.Output<string>;
  /** Of its pods, by a SecurityGroupPolicy in the namespace. */
  readonly securityGroupId: pulumi.Output<string>;
  readonly roleArn: pulumi.Output<string>;
  /** The edge goes through nodes, which are opened here, not at the pods. */
  readonly edgePorts: number[] = [];
  readonly callerPorts: number[];
  readonly route?: EdgeRoute;

  constructor(
    private readonly component: string,
    private readonly args: EksServiceArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    requireRoute(args);
    super("palisade:aws:EksService", component, {}, options);
    const { service, serviceName, namespace, cluster } = args;
    const child = { parent: this };
    const role = new PodRole(component, { ...args, clusterName: cluster.name }, child);
    role.giveTo(namespace, serviceName);
    // No rules but those of nodes, `allowFrom` and `allowTo`.
    const group = new ec2.SecurityGroup(component, { vpcId: args.vpcId, description: `Pods of ${component}` }, child);
    this.securityGroupId = group.id;
    this.callerPorts = service.ports.map(({ number }) => number);
    cluster.network.serve(component, group.id, this.callerPorts);
    if (service.scaling.mode === "active-passive") cluster.network.admitToApi(component, group.id);
    if (args.route) this.route = this.openToEdge(args.route);

    this.serviceName = pulumi.output(serviceName);
    this.roleArn = role.arn;
    this.registerOutputs({ roleArn: this.roleArn, securityGroupId: this.securityGroupId });
  }

  /**
   * Lets another service call this one (SA-9, SA-13).
   * @throws Error if the specification lets nobody call it.
   */
  allowFrom(callerName: string, securityGroupId: pulumi.Input<string>): void {
    const { service, serviceName } = this.args;
    if (service.network.exposure !== "internal" && service.network.callers.length === 0)
      throw new Error(`nobody may call service \`${serviceName}\`, so neither may \`${callerName}\``);
    for (const port of this.callerPorts)
      ingressRule(
        `${this.component}-from-${callerName}-${port}`,
        { securityGroupId: this.securityGroupId, peerName: callerName, peer: { securityGroupId }, port },
        this,
      );
  }

  /** Lets its pods reach a peer: another service, a database, an endpoint of AWS (SA-9). */
  allowTo(peerName: string, peer: Peer, port: number): void {
    egressRule(
      `${this.component}-to-${peerName}-${port}`,
      { securityGroupId: this.securityGroupId, peerName, peer, port },
      this,
    );
  }

  /** Nodes answer for the pods they run, and pass on what comes from the edge to none but their own. */
  private openToEdge({ edge, nodes, ...route }: NonNullable<EksServiceArgs["route"]>): EdgeRoute {
    const { service, vpcId, cluster } = this.args;
    const nodeGroupId = cluster.network.nodeGroupId;
    for (const port of [nodes.port, nodes.healthPort]) {
      edge.allowTo(this.component, nodeGroupId, port);
      ingressRule(
        `${this.component}-nodes-from-edge-${port}`,
        { securityGroupId: nodeGroupId, peerName: "edge", peer: { securityGroupId: edge.securityGroupId }, port },
        this,
      );
    }
    const made = new EdgeRoute(this.component, { ...route, nodes, service, vpcId }, { parent: this });
    new autoscaling.Attachment(
      this.component,
      { autoscalingGroupName: cluster.nodes.groupName, lbTargetGroupArn: made.targetGroupArn },
      { parent: this },
    );
    return made;
  }
}

function requireRoute({ service, serviceName, route }: EksServiceArgs): void {
  const open = service.network.exposure === "public";
  if (open !== (route !== undefined))
    throw new Error(
      `\`route\` is ${route ? "given" : "missing"}, but the exposure of service \`${serviceName}\` is \`${service.network.exposure}\``,
    );
}
