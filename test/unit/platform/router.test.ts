// The router in a dev stack, against the mocks: who can reach whom, and what follows from its parts working together.
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { router } from "../../../src/catalog/router";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { saas } from "../../../src/platform/saas";
import type { Workload } from "../../../src/workload/workload";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { statementAbout } from "../components/samples";
import { only, type Registered, record } from "../record";
import { stackMocks } from "./mocks";

const digest = `sha256:${"1".repeat(64)}`;

/** Traces are not what is looked at here. */
function untraced({ services, ...rest }: Workload): Workload {
  const all = Object.entries(services).map(([name, { tracing: _, ...service }]) => [name, service]);
  return { ...rest, services: Object.fromEntries(all) };
}
const known = new Map(catalog).set("router", untraced(router));

function routerConfig(environment: Record<string, string>): StackConfig {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const changed = new Map(raw).set("palisade:platformImages", { "egress-proxy": digest }).set("palisade:workloads", {
    // Something public, without which there is no edge.
    sanctum: { images: { backend: digest, "ai-core": digest }, frontendOrigin: "http://localhost:3000" },
    router: { images: { poller: digest }, services: { poller: { environment } } },
  });
  const parsed = parseConfig(changed, { catalog: known, stack: "dev", preview: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.config as unknown as StackConfig;
}

let all: Registered[];
beforeAll(async () => {
  const outputs = {
    ...stackMocks.outputs,
    // What the engine would name by itself.
    "aws:dynamodb/table:Table": () => ({ name: "lease-table" }),
    "aws:ssm/parameter:Parameter": () => ({ name: "throttle-parameter" }),
  };
  const config = routerConfig({ A2A_BASE_URL: "https://a2a.example.com/v1" });
  all = await record({ ...stackMocks, outputs }, () => saas(config, known));
});

interface Container {
  name: string;
  image: string;
  environment: { name: string; value: string }[];
  healthCheck?: { command: string[] };
  cpu?: number;
  memory?: number;
}
function containers(task: string): Container[] {
  return JSON.parse(String(only(all, "aws:ecs/taskDefinition:TaskDefinition", task).inputs.containerDefinitions));
}
function variables(task: string, container: string): Record<string, string> {
  const found = containers(task).find(({ name }) => name === container);
  return Object.fromEntries((found?.environment ?? []).map(({ name, value }) => [name, value]));
}
const poller = "router-dev-poller";
const proxy = `${poller}-egress`;
const proxyName = "router-poller-egress";

describe("ways (RT-27, SP-13)", () => {
  function rules(direction: "Ingress" | "Egress") {
    const names = new Map(
      all.filter(r => r.type === "aws:ec2/securityGroup:SecurityGroup").map(g => [`${g.name}-id`, g.name]),
    );
    const type = `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`;
    return all
      .filter(r => r.type === type)
      .map(({ inputs }) => {
        const group = names.get(String(inputs.securityGroupId));
        const peer =
          names.get(String(inputs.referencedSecurityGroupId)) ??
          inputs.cidrIpv4 ??
          inputs.cidrIpv6 ??
          inputs.prefixListId;
        return direction === "Egress"
          ? `${group} -> ${peer}:${inputs.fromPort}`
          : `${peer} -> ${group}:${inputs.fromPort}`;
      });
  }

  test("from the poller: AWS, its lease, its proxy, and nothing else", () => {
    const ways = rules("Egress").filter(way => way.startsWith(`${poller} -> `));
    expect(ways.sort()).toEqual([
      `${poller} -> palisade-dev-endpoints:443`,
      `${poller} -> pl-dynamodb:443`,
      `${poller} -> pl-s3:443`,
      `${poller} -> ${proxy}:4750`,
    ]);
  });

  test("to the poller: none", () => {
    expect(rules("Ingress").filter(way => way.includes(`-> ${poller}:`))).toEqual([]);
  });

  test("the proxy alone reaches the internet, on 443", () => {
    expect(rules("Egress").filter(way => way.includes("0.0.0.0/0"))).toEqual([`${proxy} -> 0.0.0.0/0:443`]);
    expect(rules("Egress").filter(way => way.includes("::"))).toEqual([]);
  });

  test("the poller alone reaches the proxy", () => {
    expect(rules("Ingress").filter(way => way.includes(`-> ${proxy}:`))).toEqual([`${poller} -> ${proxy}:4750`]);
  });

  test("the proxy's list is that of the specification and of the stack", () => {
    expect(JSON.parse(variables(proxy, proxyName).EGRESS_ACL ?? "")).toEqual({
      action: "enforce",
      hosts: ["a2a.example.com:443", "api.telegram.org:443"],
    });
  });

  test("the same hosts are all that the VPC resolves besides AWS", () => {
    const list = only(
      all,
      "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
      "palisade-dev-dns-allowed",
    );
    const own = (list.inputs.domains as string[]).filter(name => !name.startsWith("*."));
    expect(own).toEqual(["a2a.example.com", "api.telegram.org"]);
  });

  test("the poller is told of its proxy, which it finds over TLS by the namespace", () => {
    expect(variables(poller, "poller").HTTPS_PROXY).toBe(`http://${proxyName}:4750`);
    const service = (name: string) => only(all, "aws:ecs/service:Service", name).inputs.serviceConnectConfiguration;
    expect(service(poller)).toMatchObject({ enabled: true });
    expect(service(proxy)).toMatchObject({
      services: [{ clientAlias: [{ dnsName: proxyName, port: 4750 }], tls: { roleArn: expect.anything() } }],
    });
  });

  test("two proxies over the zones, by digest, which probe themselves without a shell", () => {
    expect(only(all, "aws:ecs/service:Service", proxy).inputs).toMatchObject({ desiredCount: 2 });
    expect(containers(proxy)[0]?.image).toMatch(new RegExp(`@${digest}$`));
    expect(containers(proxy)[0]?.healthCheck?.command).toEqual(["CMD", "/egress-proxy", "health"]);
  });

  test("a call that is refused rings", () => {
    const { pattern, metricTransformation } = only(
      all,
      "aws:cloudwatch/logMetricFilter:LogMetricFilter",
      `${proxy}-denied`,
    ).inputs;
    expect(pattern).toBe('{ $.event = "egress.denied" }');
    const alarm = only(all, "aws:cloudwatch/metricAlarm:MetricAlarm", `${proxy}-denied-egress`).inputs;
    expect(alarm.metricName).toBe((metricTransformation as { name: string }).name);
  });
});

test("it knows its lease and its throttle, and may use just these (RT-7, RT-30)", () => {
  expect(variables(poller, "poller")).toMatchObject({
    LEASE_TABLE: "lease-table",
    LEASE_KEY: "poller",
    LEASE_SECONDS: "15",
    THROTTLE_PARAMETER: "throttle-parameter",
  });
  const policy = all
    .filter(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === poller)
    .map(r => String(r.inputs.policy))
    .find(text => text.includes("dynamodb"));
  expect(statementAbout("dynamodb:UpdateItem", policy).Resource).toBe("arn:aws:mock:::router-dev-lease");
  expect(statementAbout("ssm:GetParameter", policy).Resource).toBe(`arn:aws:mock:::${poller}-throttle`);
});

test("its ladder leads from one size to the other (RT-6)", () => {
  const size = (task: string) => {
    const { cpu, memory } = containers(task).find(({ name }) => name === "poller") ?? {};
    return [cpu, memory];
  };
  expect([size(poller), size(`${poller}-ceiling`)]).toEqual([
    [512, 512],
    [1024, 1024],
  ]);
  const { environment } = only(all, "aws:lambda/function:Function", `${poller}-ladder`).inputs as {
    environment: { variables: { LADDER: string } };
  };
  const arn = (task: string) => `arn:aws:mock:::${task}`;
  expect(JSON.parse(environment.variables.LADDER)).toMatchObject({
    base: arn(poller),
    ceiling: arn(`${poller}-ceiling`),
  });
});

test("two tasks, and nobody makes a third (RT-30)", () => {
  expect(only(all, "aws:appautoscaling/target:Target", poller).inputs).toMatchObject({
    minCapacity: 2,
    maxCapacity: 2,
  });
  const policies = all.filter(r => r.type === "aws:appautoscaling/policy:Policy");
  expect(policies.filter(({ name }) => name.startsWith("router"))).toEqual([]);
});

test("each of its services is stopped when its restart budget is used up (RT-5)", () => {
  for (const name of [poller, proxy]) {
    const { alarmActions } = only(all, "aws:cloudwatch/metricAlarm:MetricAlarm", `${name}-restarts`).inputs;
    expect(alarmActions).toContain("arn:aws:mock:::palisade-dev-restart-brake");
    // By which the brake holds it down; without, there is nothing to suspend.
    only(all, "aws:appautoscaling/target:Target", name);
  }
});

test("what it calls of AWS has an endpoint in the VPC", () => {
  const names = all
    .filter(r => r.type === "aws:ec2/vpcEndpoint:VpcEndpoint")
    .map(r => String(r.inputs.serviceName).replace("com.amazonaws.eu-central-1.", ""));
  expect(names).toEqual(expect.arrayContaining(["dynamodb", "s3", "ssm", "monitoring", "logs", "secretsmanager"]));
});
