// Unit tests: which subnets lead where, per kind of egress; and that nothing opens by default.
import { describe, expect, test } from "vitest";
import { Network, type NetworkArgs } from "../../../src/components/aws/network";
import { only, type Registered } from "../record";
import { recordTypes } from "./samples";

const ec2 = (name: string) => `aws:ec2/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
const types = [
  "Vpc",
  "DefaultSecurityGroup",
  "Subnet",
  "InternetGateway",
  "Eip",
  "NatGateway",
  "RouteTable",
  "RouteTableAssociation",
  "Route",
  "FlowLog",
]
  .map(ec2)
  .concat("aws:cloudwatch/logGroup:LogGroup", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy");
const base: NetworkArgs = {
  cidr: "10.20.0.0/16",
  zones: [
    { name: "eu-central-1a", publicCidr: "10.20.0.0/24", privateCidr: "10.20.16.0/20", dataCidr: "10.20.1.0/24" },
    { name: "eu-central-1b", publicCidr: "10.20.2.0/24", privateCidr: "10.20.32.0/20", dataCidr: "10.20.3.0/24" },
    { name: "eu-central-1c", publicCidr: "10.20.4.0/24", privateCidr: "10.20.48.0/20", dataCidr: "10.20.5.0/24" },
  ],
  egress: "nat-per-zone",
  accountId: "111122223333",
  region: "eu-central-1",
  flowLogRetentionDays: 14,
  logsKeyArn: "arn:aws:kms:eu-central-1:111122223333:key/logs",
};

const build = (args: Partial<NetworkArgs> = {}) => recordTypes(types, () => new Network("net", { ...base, ...args }));

/** Target of the default route of a subnet, by way of its route table; undefined if there is no such route. */
function wayOut(registered: readonly Registered[], subnet: string): unknown {
  const associations = registered.filter(
    r => r.type === ec2("RouteTableAssociation") && r.inputs.subnetId === `${subnet}-id`,
  );
  expect(associations).toHaveLength(1);
  const routes = registered.filter(
    r => r.type === ec2("Route") && r.inputs.routeTableId === associations[0]?.inputs.routeTableId,
  );
  expect(routes.length).toBeLessThanOrEqual(1);
  const [route] = routes;
  if (!route) return undefined;
  expect(route.inputs.destinationCidrBlock).toBe("0.0.0.0/0");
  return route.inputs.natGatewayId ?? route.inputs.gatewayId;
}

const egresses: NetworkArgs["egress"][] = ["nat-per-zone", "single-nat", "endpoints"];

describe.each(egresses)("egress %s", egress => {
  test("public subnets lead to the internet gateway, data subnets nowhere", async () => {
    const registered = await build({ egress });
    for (const { name } of base.zones) {
      expect(wayOut(registered, `net-public-${name}`)).toBe("net-id");
      expect(wayOut(registered, `net-data-${name}`)).toBeUndefined();
    }
  });

  test("no subnet hands out public addresses", async () => {
    const subnets = (await build({ egress })).filter(r => r.type === ec2("Subnet"));
    expect(subnets).toHaveLength(9);
    for (const subnet of subnets) expect(subnet.inputs.mapPublicIpOnLaunch).toBe(false);
  });
});

test.each<[NetworkArgs["egress"], (string | undefined)[]]>([
  ["nat-per-zone", ["net-nat-eu-central-1a-id", "net-nat-eu-central-1b-id", "net-nat-eu-central-1c-id"]],
  ["single-nat", ["net-nat-eu-central-1a-id", "net-nat-eu-central-1a-id", "net-nat-eu-central-1a-id"]],
  ["endpoints", [undefined, undefined, undefined]],
])("egress %s: private subnets leave by %j", async (egress, expected) => {
  const registered = await build({ egress });
  expect(base.zones.map(({ name }) => wayOut(registered, `net-private-${name}`))).toEqual(expected);
  expect(registered.filter(r => r.type === ec2("NatGateway"))).toHaveLength(new Set(expected.filter(Boolean)).size);
});

test("a NAT gateway stands in the public subnet of its zone", async () => {
  const registered = await build();
  for (const { name } of base.zones)
    expect(only(registered, ec2("NatGateway"), `net-nat-${name}`).inputs).toMatchObject({
      subnetId: `net-public-${name}-id`,
      allocationId: `net-nat-${name}-id`,
    });
});

test("each subnet has its block and zone", async () => {
  const registered = await build();
  for (const zone of base.zones)
    for (const [tier, cidrBlock] of [
      ["public", zone.publicCidr],
      ["private", zone.privateCidr],
      ["data", zone.dataCidr],
    ])
      expect(only(registered, ec2("Subnet"), `net-${tier}-${zone.name}`).inputs).toMatchObject({
        cidrBlock,
        availabilityZone: zone.name,
      });
});

test("the default security group is emptied", async () => {
  expect(only(await build(), ec2("DefaultSecurityGroup")).inputs).toMatchObject({
    vpcId: "net-id",
    ingress: [],
    egress: [],
  });
});

test("the VPC resolves private names and every connection is logged, encrypted", async () => {
  const registered = await build();
  expect(only(registered, ec2("Vpc")).inputs).toMatchObject({
    cidrBlock: base.cidr,
    enableDnsSupport: true,
    enableDnsHostnames: true,
  });
  expect(only(registered, ec2("FlowLog")).inputs).toMatchObject({ vpcId: "net-id", trafficType: "ALL" });
  expect(only(registered, "aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
    kmsKeyId: base.logsKeyArn,
    retentionInDays: 14,
  });
});

test("outputs keep the order of the zones", async () => {
  let counts: number[] = [];
  await recordTypes(types, () => {
    const net = new Network("net", base);
    counts = [
      net.publicSubnetIds,
      net.privateSubnetIds,
      net.dataSubnetIds,
      net.privateRouteTableIds,
      net.dataRouteTableIds,
    ].map(ids => ids.length);
  });
  expect(counts).toEqual([3, 3, 3, 3, 1]);
});

const [first, second] = base.zones;
test.each<[string, Partial<NetworkArgs>]>([
  ["`zones` has none", { zones: [] }],
  ["`zones` has `eu-central-1a`; allowed are two or more", { zones: first ? [first] : [] }],
  [
    "`zones` has `eu-central-1a`, `eu-central-1a`",
    { zones: first && second ? [first, { ...second, name: first.name }] : [] },
  ],
  ["allowed are zones of `region` `us-east-1`", { region: "us-east-1" }],
  ["allowed are blocks within `cidr` `10.21.0.0/16`", { cidr: "10.21.0.0/16" }],
])("refuses: %s", async (message, args) => {
  await expect(build(args)).rejects.toThrow(message);
});
