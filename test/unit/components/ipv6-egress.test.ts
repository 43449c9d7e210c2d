// Unit tests: dual stack is there when asked for, on private subnets alone, and lets nothing in (CP-7).
import { expect, test } from "vitest";
import { Network, type NetworkArgs } from "../../../src/components/aws/network";
import { only, type Registered, record } from "../record";

const ec2 = (type: string) => `aws:ec2/${type.charAt(0).toLowerCase()}${type.slice(1)}:${type}`;
const types = [
  ...["Vpc", "DefaultSecurityGroup", "Subnet", "InternetGateway", "EgressOnlyInternetGateway", "Eip", "NatGateway"],
  ...["RouteTable", "RouteTableAssociation", "Route", "FlowLog"],
]
  .map(ec2)
  .concat("aws:cloudwatch/logGroup:LogGroup", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy");
const base: NetworkArgs = {
  cidr: "10.20.0.0/16",
  zones: [
    { name: "eu-central-1a", publicCidr: "10.20.0.0/24", privateCidr: "10.20.16.0/20", dataCidr: "10.20.1.0/24" },
    { name: "eu-central-1b", publicCidr: "10.20.2.0/24", privateCidr: "10.20.32.0/20", dataCidr: "10.20.3.0/24" },
  ],
  egress: "single-nat",
  accountId: "111122223333",
  region: "eu-central-1",
  flowLogRetentionDays: 14,
  logsKeyArn: "arn:aws:kms:eu-central-1:111122223333:key/logs",
};
const outputs = { [ec2("Vpc")]: () => ({ ipv6CidrBlock: "2a05:d014:abc:de00::/56" }) };
const build = (ipv6?: boolean) => record({ types, outputs }, () => new Network("net", { ...base, ipv6 }));
const ofType = (all: readonly Registered[], type: string) => all.filter(r => r.type === ec2(type));

test("each private subnet has a block of its own; no other subnet has one", async () => {
  const all = await build(true);
  expect(only(all, ec2("Vpc")).inputs.assignGeneratedIpv6CidrBlock).toBe(true);
  const blocks = ofType(all, "Subnet").flatMap(({ name, inputs }) =>
    inputs.ipv6CidrBlock === undefined ? [] : [[name, inputs.ipv6CidrBlock]],
  );
  expect(blocks).toEqual([
    ["net-private-eu-central-1a", "2a05:d014:abc:de00::/64"],
    ["net-private-eu-central-1b", "2a05:d014:abc:de01::/64"],
  ]);
});

test("IPv6 leaves private subnets by a gateway that lets nothing in", async () => {
  const routes = ofType(await build(true), "Route").filter(r => r.inputs.destinationIpv6CidrBlock);
  expect(routes.map(r => r.inputs)).toEqual(
    ["eu-central-1a", "eu-central-1b"].map(zone => ({
      routeTableId: `net-private-${zone}-id`,
      destinationIpv6CidrBlock: "::/0",
      egressOnlyGatewayId: "net-id",
    })),
  );
});

test("without it there is no trace of IPv6", async () => {
  const all = await build();
  expect(ofType(all, "EgressOnlyInternetGateway")).toEqual([]);
  expect(JSON.stringify(all.map(r => r.inputs))).not.toMatch(/ipv6/i);
});

test("it needs a way out", async () => {
  const failures: unknown[] = [];
  await record({ types, outputs }, () => {
    try {
      new Network("net", { ...base, ipv6: true, egress: "endpoints" });
    } catch (error) {
      failures.push(error);
    }
  });
  expect(String(failures)).toContain("`ipv6` is true, but `egress` is `endpoints`");
});
