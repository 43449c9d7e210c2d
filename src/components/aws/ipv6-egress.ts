// AWS components: the way out of private subnets in IPv6. It lets nothing in (CP-7).
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";

export interface Ipv6EgressArgs {
  vpcId: pulumi.Input<string>;
  /** Route tables of the private subnets, by zone. */
  routeTableIds: Record<string, pulumi.Input<string>>;
  /** Tags of the gateway besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

export class Ipv6Egress extends pulumi.ComponentResource {
  constructor(name: string, { vpcId, routeTableIds, tags }: Ipv6EgressArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:Ipv6Egress", name, {}, options);
    const gateway = new ec2.EgressOnlyInternetGateway(name, { vpcId, tags }, { parent: this });
    for (const [zone, routeTableId] of Object.entries(routeTableIds))
      new ec2.Route(
        `${name}-private-${zone}-ipv6`,
        { routeTableId, destinationIpv6CidrBlock: "::/0", egressOnlyGatewayId: gateway.id },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
