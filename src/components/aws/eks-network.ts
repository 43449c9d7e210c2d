// AWS components: who may talk to whom among an EKS cluster's control plane, nodes and AWS's endpoints. Pods of services have groups of their own (SA-9).
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { egressRule, ingressRule } from "./security-group-rule";
import type { VpcEndpoints } from "./vpc-endpoints";

export interface EksNetworkArgs {
  vpcId: pulumi.Input<string>;
  /** Of the control plane's interfaces, see `EksCluster`. */
  controlPlaneGroupId: pulumi.Input<string>;
  endpoints: Pick<VpcEndpoints, "securityGroupId" | "s3PrefixListId" | "admit">;
}

interface Port {
  port: number;
  protocol?: "tcp" | "udp";
}

const api: Port = { port: 443 };
export const dns: Port[] = [
  { port: 53, protocol: "udp" },
  { port: 53, protocol: "tcp" },
];
/** What the control plane calls on nodes: the kubelet, metrics-server, and the webhook of the CloudWatch add-on. */
const fromControlPlane: Port[] = [{ port: 10_250 }, { port: 10_251 }, { port: 9_443 }];
/** What nodes and the add-ons' pods call on each other: DNS, and the kubelet, which metrics-server asks. */
const amongNodes: Port[] = [...dns, { port: 10_250 }];

export class EksNetwork extends pulumi.ComponentResource {
  /** Of the nodes' interfaces, and so of the pods of add-ons. */
  readonly nodeGroupId: pulumi.Output<string>;

  constructor(
    private readonly component: string,
    private readonly args: EksNetworkArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("palisade:aws:EksNetwork", component, {}, options);
    const group = new ec2.SecurityGroup(
      `${component}-nodes`,
      { vpcId: args.vpcId, description: `Nodes of ${component}` },
      { parent: this },
    );
    this.nodeGroupId = group.id;
    const { endpoints, controlPlaneGroupId } = args;
    const nodes = { name: "nodes", groupId: group.id };
    const controlPlane = { name: "control-plane", groupId: controlPlaneGroupId };
    this.open(nodes, controlPlane, [api]);
    this.open(controlPlane, nodes, fromControlPlane);
    this.open(nodes, nodes, amongNodes);
    endpoints.admit(`${component}-nodes`, group.id);
    this.egress("aws-endpoints", { securityGroupId: endpoints.securityGroupId });
    this.egress("s3", { prefixListId: endpoints.s3PrefixListId });
    this.registerOutputs({ nodeGroupId: this.nodeGroupId });
  }

  /** Lets the members of a group resolve names, and be asked by the kubelet of their node whether they are well. */
  serve(name: string, securityGroupId: pulumi.Input<string>, probes: number[]): void {
    const pods = { name, groupId: securityGroupId };
    const nodes = { name: "nodes", groupId: this.nodeGroupId };
    this.open(pods, nodes, dns);
    this.open(
      nodes,
      pods,
      probes.map(port => ({ port })),
    );
  }

  /** Lets the members of a group call the API server. */
  admitToApi(name: string, securityGroupId: pulumi.Input<string>): void {
    this.open({ name, groupId: securityGroupId }, { name: "control-plane", groupId: this.args.controlPlaneGroupId }, [
      api,
    ]);
  }

  /** Lets nodes reach what they mount for their pods: a file system, on NFS's port. */
  admitToFiles(name: string, securityGroupId: pulumi.Input<string>): void {
    egressRule(
      `${this.component}-nodes-to-${name}-2049`,
      { securityGroupId: this.nodeGroupId, peerName: name, peer: { securityGroupId }, port: 2049 },
      this,
    );
  }

  private open(from: Members, to: Members, ports: Port[]): void {
    for (const { port, protocol } of ports) {
      const rule = (side: string) => `${this.component}-${side}-${port}${protocol === "udp" ? "-udp" : ""}`;
      egressRule(
        rule(`${from.name}-to-${to.name}`),
        { securityGroupId: from.groupId, peerName: to.name, peer: { securityGroupId: to.groupId }, port, protocol },
        this,
      );
      ingressRule(
        rule(`${to.name}-from-${from.name}`),
        { securityGroupId: to.groupId, peerName: from.name, peer: { securityGroupId: from.groupId }, port, protocol },
        this,
      );
    }
  }

  private egress(
    peerName: string,
    peer: { securityGroupId: pulumi.Input<string> } | { prefixListId: pulumi.Input<string> },
  ) {
    egressRule(
      `${this.component}-nodes-to-${peerName}-443`,
      { securityGroupId: this.nodeGroupId, peerName, peer, port: 443 },
      this,
    );
  }
}

interface Members {
  name: string;
  groupId: pulumi.Input<string>;
}
