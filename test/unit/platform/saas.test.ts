// The whole dev stack against the mocks: what follows from components working together.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import golden from "../../preview/golden/dev.json";
import { type Registered, record } from "../record";

/** The dev stack has no secrets, so its sealed configuration is its configuration. */
function devConfig(): StackConfig {
  const { raw, stack } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const parsed = parseConfig(raw, { catalog, stack, preview: true });
  if (!parsed.ok) throw new Error("Pulumi.dev.yaml has faults");
  return parsed.config as unknown as StackConfig;
}

let all: Registered[];
beforeAll(async () => {
  const types = Object.keys(golden).map(urn => urn.split("::")[0]?.split("$").at(-1) ?? "");
  const calls = { "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012" } };
  const outputs = {
    "aws:acm/certificate:Certificate": ({ domainName }: Record<string, unknown>) => ({
      domainValidationOptions: [
        { domainName, resourceRecordName: "_proof", resourceRecordType: "CNAME", resourceRecordValue: "_value" },
      ],
    }),
  };
  all = await record({ types, calls, outputs }, () => saas(devConfig(), catalog));
});

const ofType = (type: string) => all.filter(r => r.type === type);
const groups = () => new Map(ofType("aws:ec2/securityGroup:SecurityGroup").map(g => [`${g.name}-id`, g.name]));

describe("security groups (SA-9)", () => {
  test("every way in is one of these", () => {
    const ways = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) => {
      const from = groups().get(String(inputs.referencedSecurityGroupId)) ?? inputs.cidrIpv4;
      return `${from} -> ${groups().get(String(inputs.securityGroupId))}:${inputs.fromPort}`;
    });
    expect(ways.sort()).toEqual([
      "0.0.0.0/0 -> palisade-dev-edge:443",
      "palisade-dev-edge -> sanctum-dev-backend:8443",
      "sanctum-dev-ai-core -> palisade-dev-endpoints:443",
      "sanctum-dev-ai-core -> sanctum-dev-vectors:5432",
      "sanctum-dev-backend -> palisade-dev-endpoints:443",
      "sanctum-dev-backend -> sanctum-dev-ai-core:8444",
      "sanctum-dev-backend -> sanctum-dev-postgres:5432",
    ]);
  });

  test("every way out inside the network has its way in on the other side", () => {
    const key = (from: unknown, to: unknown, port: unknown) => `${from} -> ${to}:${port}`;
    const ins = new Set(
      ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) =>
        key(inputs.referencedSecurityGroupId, inputs.securityGroupId, inputs.fromPort),
      ),
    );
    const outs = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .filter(({ inputs }) => inputs.referencedSecurityGroupId !== undefined)
      .map(({ inputs }) => key(inputs.securityGroupId, inputs.referencedSecurityGroupId, inputs.fromPort));
    expect(outs.length).toBeGreaterThan(0);
    for (const out of outs) expect([...ins]).toContain(out);
  });

  test("nothing may leave to the internet", () => {
    for (const { inputs } of ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")) {
      expect(inputs.cidrIpv4).toBeUndefined();
      expect(inputs.cidrIpv6).toBeUndefined();
    }
  });
});

test("every log group is encrypted, kept as long as the stack says, and sent to the sink (PF-2, SA-7, RT-23)", () => {
  const subscribed = new Set(
    ofType("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter").map(({ inputs }) => inputs.logGroup),
  );
  const logGroups = ofType("aws:cloudwatch/logGroup:LogGroup");
  expect(logGroups.length).toBeGreaterThanOrEqual(8);
  for (const { inputs } of logGroups) {
    expect(inputs.kmsKeyId).toBeDefined();
    expect(inputs.retentionInDays).toBe(7);
    expect([...subscribed]).toContain(inputs.name);
  }
});

test("every alarm calls somebody (SA-12)", () => {
  const alarms = ofType("aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(alarms.length).toBeGreaterThan(10);
  for (const { inputs } of alarms) expect(inputs.alarmActions).not.toHaveLength(0);
});

test("each service holds just its own secrets and its own database (SA-8, SA-13)", () => {
  const policies = ofType("aws:iam/rolePolicy:RolePolicy").map(({ name, inputs }) => ({
    name,
    text: String(inputs.policy),
  }));
  const allowing = (action: string) => policies.filter(p => p.text.includes(action));
  for (const { text } of allowing("rds-db:connect")) expect(text).toMatch(/dbuser:[^"]*\/(backend|ai-core)"/);
  expect(allowing("rds-db:connect")).toHaveLength(2);
  const readers = allowing("secretsmanager:GetSecretValue").filter(p => p.text.includes("jwt-signing-key"));
  expect(readers.map(p => p.name).join()).toMatch(/backend/);
  expect(readers).toHaveLength(1);
});
