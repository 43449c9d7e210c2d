// AWS components: the network. An isolated VPC over two zones or more (SA-2): load balancers in public subnets, services in private ones, databases where no route leads out.
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { requireAddressPlan, type Zone } from "./address-plan";
import { FlowLog } from "./flow-log";
import { Ipv6Egress } from "./ipv6-egress";
import { ipv6Subnet } from "./ipv6-plan";
import type { LogDestinations } from "./log-stream";

export interface NetworkArgs {
  /** IPv4 block of the VPC, /16 to /28, such as `10.20.0.0/16`. */
  cidr: string;
  /** At least two (SA-2, SA-12). */
  zones: readonly Zone[];
  /**
   * How private subnets reach the internet. `nat-per-zone`: losing a zone costs no other its way out. `single-nat`: cheaper,
   * for dev and staging. `endpoints`: not at all, only AWS by way of `VpcEndpoints` (SP-13).
   */
  egress: "nat-per-zone" | "single-nat" | "endpoints";
  /** IPv6 addresses for private subnets, with a way out and none in (CP-7); default false. Not with `egress` `endpoints`. */
  ipv6?: boolean;
  /** Account and region of the VPC, and of every zone. */
  accountId: pulumi.Input<string>;
  region: string;
  /** Days flow logs stay in CloudWatch (RT-23). */
  flowLogRetentionDays: number;
  /** KMS key of data class `logs` (SA-7). */
  logsKeyArn: pulumi.Input<string>;
  /** Sink the flow logs are sent to besides (PF-2). */
  sink?: LogDestinations;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/** @throws Error if there are fewer than two zones, the address plan does not fit together, or `ipv6` has no way out. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: string;
  /** Ranges of the subnets by tier, for policies that know no other names of what is in them (SA-9). */
  readonly ranges: Record<"public" | "private" | "data", string[]>;
  /** Subnets in the order of `zones`. */
  readonly publicSubnetIds: pulumi.Output<string>[];
  readonly privateSubnetIds: pulumi.Output<string>[];
  readonly dataSubnetIds: pulumi.Output<string>[];
  /** One per zone, in the order of `zones`. */
  readonly privateRouteTableIds: pulumi.Output<string>[];
  /** One for all zones. */
  readonly dataRouteTableIds: pulumi.Output<string>[];
  readonly flowLogGroupName: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, options?: pulumi.ComponentResourceOptions) {
    requireZones(args);
    requireAddressPlan(args.cidr, args.zones);
    requireWayOut(args);
    super("palisade:aws:Network", name, {}, options);
    const { zones, tags } = args;
    const child = { parent: this };
    const named = (suffix: string) => ({ ...tags, Name: `${name}-${suffix}` });

    const vpc = new ec2.Vpc(
      name,
      // Interface endpoints answer under AWS's public names only where the VPC resolves and has host names.
      {
        cidrBlock: args.cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        ...(args.ipv6 && { assignGeneratedIpv6CidrBlock: true }),
        tags: { ...tags, Name: name },
      },
      child,
    );
    // The group AWS puts on whatever names none: emptied, so that forgetting one opens nothing (SA-9).
    new ec2.DefaultSecurityGroup(
      name,
      { vpcId: vpc.id, ingress: [], egress: [], tags: named("default-unused") },
      child,
    );

    const subnets = (tier: Tier) =>
      zones.map(
        (zone, i) =>
          new ec2.Subnet(
            `${name}-${tier}-${zone.name}`,
            {
              vpcId: vpc.id,
              availabilityZone: zone.name,
              cidrBlock: zone[`${tier}Cidr`],
              ...(args.ipv6 && tier === "private" && { ipv6CidrBlock: vpc.ipv6CidrBlock.apply(b => ipv6Subnet(b, i)) }),
              mapPublicIpOnLaunch: false,
              tags: named(`${tier}-${zone.name}`),
            },
            child,
          ).id,
      );
    const table = (suffix: string, subnetIds: readonly pulumi.Output<string>[]) => {
      const table = new ec2.RouteTable(`${name}-${suffix}`, { vpcId: vpc.id, tags: named(suffix) }, child);
      for (const [i, subnetId] of subnetIds.entries())
        new ec2.RouteTableAssociation(
          subnetIds.length === 1 ? `${name}-${suffix}` : `${name}-${suffix}-${zones[i]?.name}`,
          { routeTableId: table.id, subnetId },
          child,
        );
      return table.id;
    };
    const defaultRoute = (suffix: string, target: Pick<ec2.RouteArgs, "routeTableId" | "gatewayId" | "natGatewayId">) =>
      new ec2.Route(`${name}-${suffix}`, { destinationCidrBlock: "0.0.0.0/0", ...target }, child);

    this.publicSubnetIds = subnets("public");
    this.privateSubnetIds = subnets("private");
    this.dataSubnetIds = subnets("data");

    const internet = new ec2.InternetGateway(name, { vpcId: vpc.id, tags: { ...tags, Name: name } }, child);
    const outward = defaultRoute("public", {
      routeTableId: table("public", this.publicSubnetIds),
      gatewayId: internet.id,
    });
    const nats = this.publicSubnetIds.slice(0, natCount(args)).map((subnetId, i) => {
      const suffix = `nat-${zones[i]?.name}`;
      const address = new ec2.Eip(`${name}-${suffix}`, { domain: "vpc", tags: named(suffix) }, child);
      return new ec2.NatGateway(
        `${name}-${suffix}`,
        { subnetId, allocationId: address.id, tags: named(suffix) },
        { parent: this, dependsOn: [outward] },
      );
    });
    this.privateRouteTableIds = zones.map((zone, i) => {
      const suffix = `private-${zone.name}`;
      const routeTableId = table(suffix, this.privateSubnetIds.slice(i, i + 1));
      const nat = nats[i] ?? nats[0];
      if (nat) defaultRoute(suffix, { routeTableId, natGatewayId: nat.id });
      return routeTableId;
    });
    if (args.ipv6)
      new Ipv6Egress(
        name,
        { vpcId: vpc.id, routeTableIds: byZone(zones, this.privateRouteTableIds), tags: { ...tags, Name: name } },
        child,
      );
    this.dataRouteTableIds = [table("data", this.dataSubnetIds)];

    this.vpcId = vpc.id;
    this.cidr = args.cidr;
    this.ranges = {
      public: args.zones.map(zone => zone.publicCidr),
      private: args.zones.map(zone => zone.privateCidr),
      data: args.zones.map(zone => zone.dataCidr),
    };
    const flowLog = new FlowLog(
      `${name}-flow-log`,
      {
        vpcId: vpc.id,
        logGroupName: `/palisade/${name}/flow-log`,
        retentionDays: args.flowLogRetentionDays,
        keyArn: args.logsKeyArn,
        accountId: args.accountId,
        region: args.region,
        sink: args.sink,
        tags,
      },
      child,
    );
    this.flowLogGroupName = flowLog.logGroupName;
    this.registerOutputs({ vpcId: this.vpcId, flowLogGroupName: this.flowLogGroupName });
  }
}

type Tier = "public" | "private" | "data";

function natCount({ egress, zones }: NetworkArgs): number {
  return { "nat-per-zone": zones.length, "single-nat": 1, endpoints: 0 }[egress];
}

function byZone<T>(zones: readonly Zone[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, i) => [zones[i]?.name ?? "", value]));
}

function requireWayOut({ ipv6, egress }: NetworkArgs): void {
  if (ipv6 && egress === "endpoints")
    throw new Error("`ipv6` is true, but `egress` is `endpoints`; allowed is a network with a way out");
}

function requireZones({ zones, region }: NetworkArgs): void {
  const names = zones.map(zone => zone.name);
  const found = names.length ? names.map(name => `\`${name}\``).join(", ") : "none";
  if (new Set(names).size < 2 || new Set(names).size < names.length)
    throw new Error(`\`zones\` has ${found}; allowed are two or more different zones (SA-2)`);
  if (names.some(name => !name.startsWith(region)))
    throw new Error(`\`zones\` has ${found}; allowed are zones of \`region\` \`${region}\``);
}
