import { expect, test } from "vitest";
import { Edge, type EdgeArgs } from "../../../src/components/aws/edge";
import { only, type Registered } from "../record";
import { recordTypes } from "./samples";

const types = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:lb/listener:Listener",
  "aws:lb/loadBalancer:LoadBalancer",
  "aws:route53/record:Record",
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "aws:wafv2/webAcl:WebAcl",
  "aws:wafv2/webAclAssociation:WebAclAssociation",
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
];
const args: EdgeArgs = {
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  hostNames: ["api.example.com"],
  certificateArn: "arn:certificate",
  deletionProtection: true,
  accessLogBucket: "access-logs",
  firewall: { logKeyArn: "arn:key/logs", logRetentionDays: 90 },
};
const build = (changes: Partial<EdgeArgs> = {}, more: (edge: Edge) => void = () => {}) =>
  recordTypes(types, () => more(new Edge("sanctum-edge", { ...args, ...changes })));
const listener = (all: Registered[], name: string) =>
  only(all, "aws:lb/listener:Listener", `sanctum-edge-${name}`).inputs;

test.each([
  [undefined, "ELBSecurityPolicy-TLS13-1-2-2021-06"],
  ["1.2" as const, "ELBSecurityPolicy-TLS13-1-2-2021-06"],
  ["1.3" as const, "ELBSecurityPolicy-TLS13-1-3-2021-06"],
])("minimum TLS %s is the policy %s", async (minimumTls, sslPolicy) => {
  expect(listener(await build({ minimumTls }), "https")).toMatchObject({ port: 443, protocol: "HTTPS", sslPolicy });
});

test("what no service claims is not found, and what is not encrypted is sent to where it is, if asked for", async () => {
  const registered = await build({ redirectHttp: true });
  expect(listener(registered, "https")).toMatchObject({
    certificateArn: "arn:certificate",
    routingHttpResponseStrictTransportSecurityHeaderValue: "max-age=63072000",
    defaultActions: [{ type: "fixed-response", fixedResponse: { statusCode: "404" } }],
  });
  expect(listener(registered, "http")).toMatchObject({
    port: 80,
    defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
  });
});

test("the load balancer refuses what is ambiguous, logs, and fails closed", async () => {
  expect(only(await build(), "aws:lb/loadBalancer:LoadBalancer").inputs).toMatchObject({
    dropInvalidHeaderFields: true,
    desyncMitigationMode: "strictest",
    enableWafFailOpen: false,
    enableDeletionProtection: true,
    accessLogs: { enabled: true, bucket: "access-logs" },
    ipAddressType: "ipv4",
  });
});

test("the internet comes in on 443 only, and on 80 for the redirect (SP-12)", async () => {
  const ports = async (changes: Partial<EdgeArgs>) =>
    (await build(changes))
      .filter(r => r.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .map(({ inputs }) => [inputs.fromPort, inputs.toPort, inputs.cidrIpv4 ?? inputs.cidrIpv6]);
  const https = [443, 443, "0.0.0.0/0"];
  expect(await ports({})).toEqual([https]);
  expect(await ports({ ipv6: true })).toEqual([https, [443, 443, "::/0"]]);
  expect(await ports({ redirectHttp: true })).toEqual([https, [80, 80, "0.0.0.0/0"]]);
  const listeners = (all: Registered[]) => all.filter(r => r.type === "aws:lb/listener:Listener");
  expect(listeners(await build()).map(({ inputs }) => inputs.port)).toEqual([443]);
});

test("it reaches the services it is told to, and nothing else", async () => {
  expect((await build()).filter(r => r.type.includes("EgressRule"))).toEqual([]);
  const registered = await build({}, edge => edge.allowTo("backend", "sg-backend", 8443));
  expect(only(registered, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").inputs).toMatchObject({
    securityGroupId: "sanctum-edge-id",
    referencedSecurityGroupId: "sg-backend",
    fromPort: 8443,
    toPort: 8443,
  });
});

test("a firewall stands before it", async () => {
  expect(only(await build(), "aws:wafv2/webAclAssociation:WebAclAssociation").inputs.resourceArn).toBe(
    "arn:aws:mock:::sanctum-edge",
  );
});

test("with a zone, its names lead to it", async () => {
  const names = (all: Registered[]) =>
    all.filter(r => r.type === "aws:route53/record:Record").map(({ inputs }) => [inputs.name, inputs.type]);
  expect(names(await build())).toEqual([]);
  expect(names(await build({ hostedZoneId: "Z1" }))).toEqual([["api.example.com", "A"]]);
  expect(names(await build({ hostedZoneId: "Z1", ipv6: true }))).toEqual([
    ["api.example.com", "A"],
    ["api.example.com", "AAAA"],
  ]);
});

test("without a certificate or a zone to make one in there is no edge", async () => {
  await expect(build({ certificateArn: undefined })).rejects.toThrow("`certificateArn` and `hostedZoneId`");
});
