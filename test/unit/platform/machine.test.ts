// A stack whose only workload is a machine and a task, against the mocks: what follows from components working together.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { type SaasOutputs, saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { machineWorkload } from "../components/machine-samples";
import { digest, sampleService, statementsOf } from "../components/samples";
import { only, type Registered, record } from "../record";
import { stackMocks } from "./mocks";

const sample = machineWorkload(
  {},
  {
    services: { api: sampleService({ network: { exposure: "public" } }) },
    secrets: {
      BOT_TOKEN: { description: "Token.", source: "supplied", readers: ["bot"] },
      SHARED_KEY: { description: "Shared.", source: "generated", readers: ["bot", "api"] },
    },
    state: { postgres: { databaseName: "sample", storageGiB: 20, clients: ["bot"] } },
  },
);

/** The dev stack with that workload in place of its own. */
function config(): StackConfig {
  const { raw, stack } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const parsed = parseConfig(raw, { catalog, stack, preview: true });
  if (!parsed.ok) throw new Error("Pulumi.dev.yaml has faults");
  const images = { bot: digest, api: digest };
  return {
    ...(parsed.config as unknown as StackConfig),
    workloads: { sample: { images, services: {}, builds: {}, tenants: {} } },
    secrets: { sample: { BOT_TOKEN: "the-token" } },
  } as unknown as StackConfig;
}

let all: Registered[];
let outputs: SaasOutputs;
beforeAll(async () => {
  all = await record(stackMocks, () => {
    outputs = saas(config(), new Map([["sample", sample]]));
  });
});

const ofType = (type: string) => all.filter(r => r.type === type);
const bot = "sample-dev-bot";
const template = () => only(all, "aws:ec2/launchTemplate:LaunchTemplate").inputs;
const userData = () => Buffer.from(String(template().userData), "base64").toString();

describe("network (CP-6, CP-7)", () => {
  test("nothing may reach the machine", () => {
    const ways = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(ways.length).toBeGreaterThan(0);
    expect(ways.filter(r => r.inputs.securityGroupId === `${bot}-id`)).toEqual([]);
    expect(only(all, "aws:ec2/securityGroup:SecurityGroup", bot).inputs).not.toHaveProperty("ingress");
  });

  test("it can resolve the names of its packages, which the DNS firewall would refuse otherwise", () => {
    const { domains } = only(
      all,
      "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
      "palisade-dev-dns-allowed",
    ).inputs;
    expect(domains).toEqual(expect.arrayContaining(["archive.ubuntu.com", "security.ubuntu.com"]));
  });

  test("it reaches AWS, its database, and the ranges of its specification in both families, and nothing else", () => {
    const ways = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .filter(r => r.inputs.securityGroupId === `${bot}-id`)
      .map(
        ({ inputs: i }) => `${i.description} (${i.cidrIpv4 ?? i.cidrIpv6 ?? i.referencedSecurityGroupId ?? "list"})`,
      );
    expect(ways.sort()).toEqual([
      "TCP 443 to aws-endpoints (palisade-dev-endpoints-id)",
      "TCP 443 to s3 (list)",
      "TCP 443 to telegram-149-154-160-0-20 (149.154.160.0/20)",
      "TCP 443 to telegram-2001-67c-4e8-48 (2001:67c:4e8::/48)",
      "TCP 5432 to postgres (sample-dev-postgres-id)",
      "TCP 80 to ubuntu-archive-185-125-188-0-22 (185.125.188.0/22)",
      "TCP 80 to ubuntu-archive-2620-2d-4000-44 (2620:2d:4000::/44)",
      "TCP 80 to ubuntu-archive-91-189-88-0-21 (91.189.88.0/21)",
    ]);
  });

  test("the endpoints of Systems Manager are there and admit it; the network has IPv6, outward only", () => {
    const services = ofType("aws:ec2/vpcEndpoint:VpcEndpoint").map(r => String(r.inputs.serviceName).split(".").at(-1));
    expect(services).toEqual(expect.arrayContaining(["ssm", "ssmmessages", "ec2messages", "kms", "monitoring", "sts"]));
    const admitted = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").filter(
      r =>
        r.inputs.referencedSecurityGroupId === `${bot}-id` && r.inputs.securityGroupId === "palisade-dev-endpoints-id",
    );
    expect(admitted).toHaveLength(1);
    expect(ofType("aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway")).toHaveLength(1);
  });
});

describe("secrets (CP-5, PF-7)", () => {
  test("the machine's are parameters; Secrets Manager has only what tasks read", () => {
    expect(ofType("aws:ssm/parameter:Parameter").map(r => r.inputs.name)).toEqual([
      "/palisade/dev/sample/bot/BOT_TOKEN",
      "/palisade/dev/sample/bot/SHARED_KEY",
    ]);
    expect(ofType("aws:secretsmanager/secret:Secret").map(r => r.name)).toEqual(["sample-dev-shared-key"]);
    expect(ofType("random:index/randomPassword:RandomPassword").map(r => r.name)).toEqual(["sample-dev-shared-key"]);
  });

  test("its user data knows their names alone, and no release", () => {
    expect(userData()).toContain("SECRETS='BOT_TOKEN SHARED_KEY'");
    expect(userData()).not.toContain("the-token");
    expect(userData()).not.toContain(digest);
    expect(userData()).not.toContain("BUILD_SHA=");
    expect(userData()).toContain("RELEASE_VARIABLES=BUILD_SHA");
  });
});

test("process and machine have an identity each, and the database knows the process's (CP-3, SA-13)", () => {
  const actions = (name: string) =>
    statementsOf(only(all, "aws:iam/rolePolicy:RolePolicy", name).inputs.policy).flatMap(s => s.Action);
  expect(actions(`${bot}-process`)).toEqual(["rds-db:connect", "cloudwatch:PutMetricData"]);
  expect(actions(`${bot}-machine`)).not.toContain("rds-db:connect");
});

test("its root disk is encrypted with a key that admits EC2 Auto Scaling (SA-7)", () => {
  expect(JSON.stringify(template().blockDeviceMappings)).toContain("palisade-dev-artifacts");
  const key = only(all, "aws:kms/key:Key", "palisade-dev-artifacts");
  expect(statementsOf(key.inputs.policy).map(s => s.Sid)).toContain("AutoScalingStartsEncryptedDisks");
});

test("process and sessions have a log group each, encrypted and sent to the sink (CP-4, CP-6)", () => {
  const names = ["/palisade/dev/sample/bot", "/palisade/dev/sample/bot/sessions"];
  const subscribed = ofType("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter").map(r => r.inputs.logGroup);
  for (const name of names) {
    const found = ofType("aws:cloudwatch/logGroup:LogGroup").filter(r => r.inputs.name === name);
    expect(found).toHaveLength(1);
    expect(found[0]?.inputs.kmsKeyId).toBeDefined();
    expect(subscribed).toContain(name);
  }
});

test("the stack's digest and commit are delivered to it, in a local AWS without waiting (CP-9)", () => {
  const { inputs } = only(all, "aws:ssm/association:Association");
  expect(inputs.parameters).toEqual({ ImageDigest: digest, GitSha: config().release.buildSha });
  expect(inputs.targets).toEqual([{ key: "tag:palisade:service", values: [bot] }]);
  expect(inputs).not.toHaveProperty("waitForSuccessTimeoutSeconds");
});

test("it is no task, and the task beside it is no machine", () => {
  expect(ofType("aws:ecs/service:Service").map(r => r.name)).toEqual(["sample-dev-api"]);
  expect(ofType("aws:autoscaling/group:Group").map(r => r.name)).toEqual([bot]);
});

test("every alarm calls somebody (CP-12)", () => {
  const alarms = ofType("aws:cloudwatch/metricAlarm:MetricAlarm").filter(r => r.name.startsWith(bot));
  expect(alarms.length).toBeGreaterThanOrEqual(5);
  for (const { inputs } of alarms) expect(inputs.alarmActions).toHaveLength(1);
});

test("the stack says how to work with it, and what it waits for (CP-5, CP-6, CP-9)", () => {
  const { bot: handles } = outputs.workloads.sample?.machines ?? {};
  expect(Object.keys(handles ?? {})).toEqual([
    "deliveryDocument",
    "sessionDocument",
    "operatorPolicyArn",
    "awaitedParameters",
  ]);
  expect(handles?.awaitedParameters).toEqual([]);
});
