// ScriptPulse as SaaS: what its specification says, and what a whole stack with it has, against the mocks.
import { beforeAll, describe, expect, test } from "vitest";
import { scriptpulse } from "../../../src/catalog/scriptpulse";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import { recordSchema } from "../../../src/workload/declared-record";
import { telemetryRecord } from "../../../src/workload/telemetry-record";
import golden from "../../preview/golden/dev.json";
import { statementsOf } from "../components/samples";
import { only, type Registered, record } from "../record";

const catalog = new Map([["scriptpulse", scriptpulse]]);
const api = scriptpulse.services.api;
const digest = `sha256:${"c".repeat(64)}`;

describe("specification", () => {
  test("TLS 1.3 in, nothing out, nothing kept, nobody's own machine (SP-2, SP-5, SP-6, SP-13)", () => {
    expect(api).toMatchObject({ memoryOnly: true, network: { exposure: "public", minimumTls: "1.3", egress: [] } });
    expect(scriptpulse.state).toEqual({ buckets: {}, volumes: {}, queues: {} });
  });

  test("gunicorn, as a user without privileges, writes nothing beside its source (SP-11)", () => {
    expect(api?.image).toMatchObject({ user: 1000, command: ["gunicorn", "scriptpulse.api:app"] });
    expect(api?.environment.PYTHONDONTWRITEBYTECODE).toBe("1");
  });

  const fields = (kind: string) => api?.logs.find(log => log.kind === kind)?.fields ?? {};

  test("the compliance record is run, time, role and assertion, and nothing else (SP-8, SP-14)", () => {
    const schema = recordSchema("compliance", fields("compliance"));
    const sound = {
      log_kind: "compliance",
      run_id: "0123456789abcdef".repeat(4),
      timestamp: "2026-01-02T03:04:05Z",
      role: "WRITER",
      assertion: "NON_DECISIONAL_SUPPORT",
    };
    expect(schema.safeParse(sound).success).toBe(true);
    expect(schema.safeParse({ ...sound, text: "INT. HOUSE" }).success).toBe(false);
    expect(schema.safeParse({ ...sound, role: "OWNER" }).success).toBe(false);
    expect(schema.safeParse({ ...sound, assertion: undefined }).success).toBe(false);
  });

  test("telemetry is structural (SP-15)", () => {
    const schema = telemetryRecord(fields("telemetry"));
    const ratios = { dialogue_ratio: 0.5, action_ratio: 0.3, heading_ratio: 0.1, other_ratio: 0.1 };
    const sound = { log_kind: "telemetry", scene_count: 42, alert_count: 3, ...ratios };
    expect(schema.safeParse(sound).success).toBe(true);
    for (const name of Object.keys(sound)) expect(schema.safeParse({ ...sound, [name]: "text" }).success).toBe(false);
  });
});

/** A dev stack of it alone; without secrets, its sealed configuration is its configuration. */
function stack(): StackConfig {
  const zone = (letter: string, n: number) => ({
    name: `eu-central-1${letter}`,
    public: `10.30.${n}.0/24`,
    private: `10.30.${16 * (n + 1)}.0/20`,
    data: `10.30.${4 + n}.0/24`,
  });
  const config = {
    mode: "saas",
    environment: "dev",
    region: "eu-central-1",
    localAws: { endpoint: "http://127.0.0.1:4600" },
    network: { cidr: "10.30.0.0/16", zones: [zone("a", 0), zone("b", 1)], egress: "single-nat" },
    retention: { logDays: 7, objectLockDays: 1, backupDays: 1, keyDeletionDays: 7, secretRecoveryDays: 0 },
    alarms: {},
    edge: { domain: "example.com", accessLogDays: 7 },
    release: { buildSha: "0".repeat(40) },
    platformImages: { "log-shipper": digest },
    workloads: {
      scriptpulse: { images: { api: digest }, tenants: { acme: {}, globex: { requestsPerMinute: 600 } } },
    },
  };
  const raw = new Map(Object.entries(config).map(([key, value]): [string, unknown] => [`palisade:${key}`, value]));
  const parsed = parseConfig(raw, { catalog, preview: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.config as unknown as StackConfig;
}

describe("a stack of it", () => {
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
    all = await record({ types, calls, outputs }, () => saas(stack(), catalog));
  });
  const ofType = (type: string) => all.filter(r => r.type === type);
  const inputsOf = (type: string) => only(all, type).inputs;

  test("443 is the only way in from outside, over TLS 1.3, and the edge's the only way to the process (SP-5, SP-12)", () => {
    const ways = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(
      ({ inputs }) =>
        `${inputs.cidrIpv4 ?? inputs.referencedSecurityGroupId} -> ${inputs.securityGroupId}:${inputs.fromPort}`,
    );
    expect(ways.sort()).toEqual([
      "0.0.0.0/0 -> palisade-dev-edge-id:443",
      "palisade-dev-edge-id -> scriptpulse-dev-api-id:8443",
      "scriptpulse-dev-api-id -> palisade-dev-endpoints-id:443",
    ]);
    expect(inputsOf("aws:lb/listener:Listener")).toMatchObject({
      port: 443,
      sslPolicy: "ELBSecurityPolicy-TLS13-1-3-2021-06",
    });
    expect(inputsOf("aws:lb/targetGroup:TargetGroup")).toMatchObject({ protocol: "HTTPS", port: 8443 });
  });

  test("nothing goes out but to AWS's own endpoints, and there is one for each service it uses (SP-13)", () => {
    const out = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
      .map(r => r.inputs)
      .filter(({ securityGroupId }) => securityGroupId === "scriptpulse-dev-api-id");
    expect(out.map(({ description }) => description).sort()).toEqual(["TCP 443 to aws-endpoints", "TCP 443 to s3"]);
    for (const { cidrIpv4, cidrIpv6 } of out) expect([cidrIpv4, cidrIpv6]).toEqual([undefined, undefined]);
    const endpoints = ofType("aws:ec2/vpcEndpoint:VpcEndpoint").map(r =>
      String(r.inputs.serviceName).split(".").at(-1),
    );
    expect(endpoints).toContain("kms");
  });

  interface Container {
    name: string;
    entryPoint?: string[];
    readonlyRootFilesystem: boolean;
    mountPoints: unknown[];
    environment: { name: string; value: string }[];
    logConfiguration: { logDriver: string };
  }

  test("the process has no disk, no dump, no shell into it, and logs through the router alone (SP-6, SP-8)", () => {
    const task = inputsOf("aws:ecs/taskDefinition:TaskDefinition");
    expect(task).not.toHaveProperty("volumes");
    expect(task).not.toHaveProperty("ephemeralStorage");
    const [process, router, ...more] = JSON.parse(String(task.containerDefinitions)) as Container[];
    expect(more).toEqual([]);
    expect(process).toMatchObject({
      readonlyRootFilesystem: true,
      mountPoints: [],
      logConfiguration: { logDriver: "awsfirelens" },
    });
    expect(process?.entryPoint?.join(" ")).toMatch(/prlimit --core=1:1.* gunicorn scriptpulse\.api:app$/);
    expect(router?.name).toBe("api-log-router");
    expect(inputsOf("aws:ecs/service:Service").enableExecuteCommand).toBe(false);
    // One core and 2 GiB, router included.
    expect(task).toMatchObject({ cpu: "1024", memory: "2048" });
  });

  test("each tenant has a key, two logs and a quota; the task may use just those keys (SP-9)", () => {
    const aliases = ofType("aws:kms/alias:Alias").map(r => String(r.inputs.name));
    expect(aliases.filter(name => name.includes("/scriptpulse/"))).toEqual([
      "alias/palisade/dev/scriptpulse/acme",
      "alias/palisade/dev/scriptpulse/globex",
    ]);
    const groups = ofType("aws:cloudwatch/logGroup:LogGroup").map(r => String(r.inputs.name));
    expect(groups.filter(name => name.startsWith("/palisade/dev/scriptpulse/tenants/"))).toHaveLength(4);
    const rules = JSON.stringify(inputsOf("aws:wafv2/webAcl:WebAcl").rules);
    for (const name of ["tenant-unknown", "tenant-quota-60", "tenant-quota-600"])
      expect(rules).toContain(`"name":"scriptpulse-${name}"`);
    const policies = ofType("aws:iam/rolePolicy:RolePolicy").flatMap(r => statementsOf(r.inputs.policy));
    const use = policies.filter(({ Condition }) =>
      JSON.stringify(Condition ?? {}).includes("EncryptionContext:tenant_id"),
    );
    expect(use).toMatchObject([
      { Resource: ["arn:aws:mock:::scriptpulse-dev-acme", "arn:aws:mock:::scriptpulse-dev-globex"] },
    ]);
  });

  test("compliance records go to an archive of their own, locked for six months (SP-14)", () => {
    const lock = only(
      all,
      "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
      "scriptpulse-dev-compliance-archive",
    );
    expect(lock.inputs.rule).toMatchObject({ defaultRetention: { days: 184 } });
    const archived = ofType("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter")
      .filter(r => r.inputs.destinationArn === "arn:aws:mock:::scriptpulse-dev-compliance-archive")
      .map(r => String(r.inputs.logGroup));
    expect(archived.sort()).toEqual([
      "/palisade/dev/scriptpulse/api/compliance",
      "/palisade/dev/scriptpulse/tenants/acme/compliance",
      "/palisade/dev/scriptpulse/tenants/globex/compliance",
    ]);
  });
});
