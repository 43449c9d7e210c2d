// The whole dev stack against the mocks: what follows from components working together.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { statementsOf } from "../components/samples";
import { type Registered, record } from "../record";
import { stackMocks } from "./mocks";

/** The dev stack has no secrets, so its sealed configuration is its configuration. */
function devConfig(): StackConfig {
  const { raw, stack } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const parsed = parseConfig(raw, { catalog, stack, preview: true });
  if (!parsed.ok) throw new Error("Pulumi.dev.yaml has faults");
  return parsed.config as unknown as StackConfig;
}

let all: Registered[];
beforeAll(async () => {
  all = await record(stackMocks, () => saas(devConfig(), catalog));
});

const ofType = (type: string) => all.filter(r => r.type === type);
const ports = ({ fromPort, toPort }: Record<string, unknown>) =>
  fromPort === toPort ? fromPort : `${fromPort}-${toPort}`;
const groups = () => new Map(ofType("aws:ec2/securityGroup:SecurityGroup").map(g => [`${g.name}-id`, g.name]));

describe("security groups (SA-9)", () => {
  test("every way in is one of these", () => {
    const ways = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(({ inputs }) => {
      const from = groups().get(String(inputs.referencedSecurityGroupId)) ?? inputs.cidrIpv4;
      return `${from} -> ${groups().get(String(inputs.securityGroupId))}:${ports(inputs)}`;
    });
    expect(ways.sort()).toEqual([
      "0.0.0.0/0 -> palisade-dev-edge:443",
      "content-pipeline-dev-editorbot -> palisade-dev-endpoints:443",
      "content-pipeline-dev-renderer -> palisade-dev-endpoints:443",
      "iss-dev-api -> iss-dev-volumes-customer-vaults:2049",
      "iss-dev-api -> iss-dev-volumes-customer:2049",
      "iss-dev-api -> palisade-dev-endpoints:443",
      "iss-dev-log-shipper -> iss-dev-volumes-customer:2049",
      "iss-dev-log-shipper -> palisade-dev-endpoints:443",
      "palisade-dev-edge -> iss-dev-api:8000",
      "palisade-dev-edge -> sanctum-dev-backend:8443",
      "palisade-dev-edge -> scriptpulse-dev-api:8443",
      "router-dev-poller -> palisade-dev-endpoints:443",
      "router-dev-poller -> router-dev-poller-egress:4750",
      "router-dev-poller-egress -> palisade-dev-endpoints:443",
      "sanctum-dev-ai-core -> palisade-dev-endpoints:443",
      "sanctum-dev-ai-core -> sanctum-dev-vectors:5432",
      "sanctum-dev-backend -> palisade-dev-endpoints:443",
      "sanctum-dev-backend -> sanctum-dev-ai-core:8444",
      "sanctum-dev-backend -> sanctum-dev-postgres:5432",
      "scriptpulse-dev-api -> palisade-dev-endpoints:443",
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

  test("every way out of the network is one of these: a proxy's, or a machine's to its named ranges", () => {
    const ways = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .filter(({ inputs }) => inputs.referencedSecurityGroupId === undefined && inputs.prefixListId === undefined)
      .map(({ inputs }) => {
        const from = groups().get(String(inputs.securityGroupId));
        return `${from} -> ${inputs.cidrIpv4 ?? inputs.cidrIpv6} ${ports(inputs)}`;
      });
    expect(ways.sort()).toEqual([
      "content-pipeline-dev-editorbot -> 142.250.0.0/15 443",
      "content-pipeline-dev-editorbot -> 149.154.160.0/20 443",
      "content-pipeline-dev-editorbot -> 172.217.0.0/16 443",
      "content-pipeline-dev-editorbot -> 185.125.188.0/22 80",
      "content-pipeline-dev-editorbot -> 2001:67c:4e8::/48 443",
      "content-pipeline-dev-editorbot -> 216.58.192.0/19 443",
      "content-pipeline-dev-editorbot -> 2620:2d:4000::/44 80",
      "content-pipeline-dev-editorbot -> 2a00:1450:4000::/36 443",
      "content-pipeline-dev-editorbot -> 91.189.88.0/21 80",
      "router-dev-poller-egress -> 0.0.0.0/0 443",
    ]);
  });

  test("by a list of AWS's own addresses, each task reaches S3, and the one with a lease DynamoDB", () => {
    const ways = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .filter(({ inputs }) => inputs.prefixListId !== undefined)
      .map(
        ({ inputs }) => `${groups().get(String(inputs.securityGroupId))} -> ${inputs.prefixListId}:${ports(inputs)}`,
      );
    expect(ways.sort()).toEqual([
      "content-pipeline-dev-editorbot -> pl-s3:443",
      "content-pipeline-dev-renderer -> pl-s3:443",
      "iss-dev-api -> pl-s3:443",
      "iss-dev-log-shipper -> pl-s3:443",
      "router-dev-poller -> pl-dynamodb:443",
      "router-dev-poller -> pl-s3:443",
      "router-dev-poller-egress -> pl-s3:443",
      "sanctum-dev-ai-core -> pl-s3:443",
      "sanctum-dev-backend -> pl-s3:443",
      "scriptpulse-dev-api -> pl-s3:443",
    ]);
  });
});

test("every log group is encrypted, kept as long as the stack says, and sent to the sink (PF-2, SA-7, RT-23)", () => {
  const subscribed = new Set(
    ofType("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter").map(({ inputs }) => inputs.logGroup),
  );
  const logGroups = ofType("aws:cloudwatch/logGroup:LogGroup");
  expect(logGroups.length).toBeGreaterThanOrEqual(26);
  for (const { inputs } of logGroups) {
    expect(inputs.kmsKeyId).toBeDefined();
    expect(inputs.retentionInDays).toBe(7);
    expect([...subscribed]).toContain(inputs.name);
  }
});

test("every alarm calls somebody (SA-12)", () => {
  const alarms = ofType("aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(alarms.length).toBeGreaterThan(60);
  for (const { inputs } of alarms) expect(inputs.alarmActions).not.toHaveLength(0);
});

/** Who may do something to what, as `role: resource`. */
function allowed(action: string): string[] {
  return ofType("aws:iam/rolePolicy:RolePolicy")
    .flatMap(({ name, inputs }) =>
      statementsOf(inputs.policy)
        .filter(statement => [statement.Action].flat().includes(action))
        .flatMap(({ Resource }) => [Resource].flat().map(resource => `${name}: ${resource}`)),
    )
    .sort();
}

test("each service connects to just its own database, as itself (SA-13)", () => {
  expect(allowed("rds-db:connect")).toEqual([
    "sanctum-dev-ai-core: arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-sanctum-dev-vectors/ai-core",
    "sanctum-dev-backend: arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-sanctum-dev-postgres/backend",
  ]);
});

test("each service holds just its own secrets (SA-8, CP-5)", () => {
  expect(allowed("secretsmanager:GetSecretValue")).toEqual([
    "iss-dev-api: arn:aws:mock:::iss-dev-secret-key",
    // The private keys of Service Connect's certificates, under the prefix that ECS gives them.
    "palisade-dev-service-ca: arn:aws:secretsmanager:eu-central-1:123456789012:secret:ecs-sc!*",
    "router-dev-poller: arn:aws:mock:::router-dev-a2a-token",
    "router-dev-poller: arn:aws:mock:::router-dev-chat-id-hash-key",
    "router-dev-poller: arn:aws:mock:::router-dev-telegram-bot-token",
    "sanctum-dev-ai-core: arn:aws:mock:::sanctum-dev-service-token-key",
    "sanctum-dev-backend: arn:aws:mock:::sanctum-dev-jwt-signing-key",
    "sanctum-dev-backend: arn:aws:mock:::sanctum-dev-service-token-key",
  ]);
  const parameters = "arn:aws:ssm:eu-central-1:123456789012:parameter/palisade/dev/content-pipeline/editorbot";
  expect(allowed("ssm:GetParametersByPath")).toEqual(
    [parameters, `${parameters}/*`].map(path => `content-pipeline-dev-editorbot-machine: ${path}`),
  );
});

test("what several workloads ask for and is not made is refused at once, before anything is registered (PF-1)", async () => {
  const faulty = new Map(catalog);
  for (const name of ["iss", "scriptpulse"]) {
    const workload = catalog.get(name);
    const api = workload?.services.api;
    if (!workload || !api) throw new Error(`the catalogue has no \`${name}\` with an \`api\``);
    const resources = { ...api.resources, ceiling: { cpuMillicores: 16_001, memoryMiB: 1024 } };
    faulty.set(name, { ...workload, services: { ...workload.services, api: { ...api, resources } } });
  }
  const thrown: unknown[] = [];
  const registered = await record(stackMocks, () => {
    try {
      saas(devConfig(), faulty);
    } catch (error) {
      thrown.push(error);
    }
  });
  expect(registered).toEqual([]);
  const [error] = thrown.map(String);
  for (const name of ["iss", "scriptpulse"]) expect(error).toContain(`${name}.services.api.resources.ceiling: found`);
});
