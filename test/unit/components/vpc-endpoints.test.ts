// Unit tests: named clients reach AWS services, and through them only what belongs to trusted accounts.
import { describe, expect, test } from "vitest";
import { fargateServices, VpcEndpoints, type VpcEndpointsArgs } from "../../../src/components/aws/vpc-endpoints";
import { only, type Registered } from "../record";
import { policyOf, statement } from "./reading";
import { recordTypes } from "./samples";

const endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint";
const group = "aws:ec2/securityGroup:SecurityGroup";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const types = [endpoint, group, ingress];
const base: VpcEndpointsArgs = {
  vpcId: "vpc-1",
  accountId: "111122223333",
  region: "eu-central-1",
  subnetIds: ["subnet-a", "subnet-b"],
  routeTableIds: ["rtb-a", "rtb-data"],
};

const build = (args: Partial<VpcEndpointsArgs> = {}) =>
  recordTypes(types, () => new VpcEndpoints("vpce", { ...base, ...args }));
const endpoints = (all: readonly Registered[]) => all.filter(r => r.type === endpoint);

test("S3 has a gateway endpoint whatever the services", async () => {
  const registered = await build({ services: [] });
  expect(endpoints(registered)).toHaveLength(1);
  expect(only(registered, endpoint, "vpce-s3").inputs).toMatchObject({
    vpcEndpointType: "Gateway",
    serviceName: "com.amazonaws.eu-central-1.s3",
    routeTableIds: base.routeTableIds,
  });
});

test("DynamoDB has one where somebody asks for it, within the same bound", async () => {
  const registered = await build({ services: [], dynamodb: true });
  const gateway = only(registered, endpoint, "vpce-dynamodb");
  expect(gateway.inputs).toMatchObject({
    vpcEndpointType: "Gateway",
    serviceName: "com.amazonaws.eu-central-1.dynamodb",
    routeTableIds: base.routeTableIds,
  });
  expect(policyOf(gateway).map(({ Sid }) => Sid)).toEqual(["OwnIdentitiesOnTrustedResources"]);
});

test.each<[string, readonly string[] | undefined, readonly string[]]>([
  ["what Fargate needs", undefined, fargateServices],
  ["what is asked for", ["kms", "ecr.api"], ["kms", "ecr.api"]],
])("interface endpoints: %s, under AWS's own names", async (_, services, expected) => {
  const interfaces = endpoints(await build({ services })).filter(r => r.inputs.vpcEndpointType === "Interface");
  expect(interfaces.map(r => r.inputs.serviceName)).toEqual(expected.map(s => `com.amazonaws.eu-central-1.${s}`));
  for (const { inputs } of interfaces)
    expect(inputs).toMatchObject({
      subnetIds: base.subnetIds,
      securityGroupIds: ["vpce-id"],
      privateDnsEnabled: true,
    });
});

describe("policy", () => {
  test("bounds every endpoint to identities of the account and resources of trusted accounts", async () => {
    for (const registered of endpoints(await build({ trustedAccountIds: ["444455556666"] })))
      expect(statement(registered, "OwnIdentitiesOnTrustedResources").Condition).toEqual({
        StringEquals: {
          "aws:PrincipalAccount": "111122223333",
          "aws:ResourceAccount": ["111122223333", "444455556666"],
        },
      });
  });

  test("has one exception: image layers, read from ECR's bucket by way of S3", async () => {
    const unbounded = endpoints(await build()).flatMap(r =>
      policyOf(r)
        .filter(s => !s.Condition)
        .map(s => [r.name, s.Action, s.Resource]),
    );
    expect(unbounded).toEqual([["vpce-s3", "s3:GetObject", "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"]]);
  });
});

describe("clients", () => {
  test("are let in on 443 by their security group, each by a rule that names it", async () => {
    const registered = await recordTypes(types, () =>
      new VpcEndpoints("vpce", { ...base, clients: { backend: "sg-backend" } }).admit("ai-core", "sg-ai-core"),
    );
    expect(registered.filter(r => r.type === ingress).map(r => r.name)).toEqual([
      "vpce-from-backend",
      "vpce-from-ai-core",
    ]);
    for (const client of ["backend", "ai-core"])
      expect(only(registered, ingress, `vpce-from-${client}`).inputs).toEqual({
        securityGroupId: "vpce-id",
        referencedSecurityGroupId: `sg-${client}`,
        description: expect.stringContaining(client),
        ipProtocol: "tcp",
        fromPort: 443,
        toPort: 443,
      });
  });

  test("are none by default, and the group has no inline rules", async () => {
    const registered = await build();
    expect(registered.filter(r => r.type === ingress)).toEqual([]);
    expect(only(registered, group).inputs).not.toHaveProperty("ingress");
    expect(only(registered, group).inputs).not.toHaveProperty("egress");
  });
});

test.each<[string, Partial<VpcEndpointsArgs>]>([
  ["`services` has `s3`", { services: ["s3"] }],
  ["`services` has `com.amazonaws.eu-central-1.kms;`", { services: ["com.amazonaws.eu-central-1.kms;"] }],
  ["`services` has `kms` twice", { services: ["kms", "sts", "kms"] }],
  ["`subnetIds` is empty", { subnetIds: [] }],
])("refuses: %s", async (message, args) => {
  await expect(build(args)).rejects.toThrow(message);
});
