// A whole stack with compute EKS against the mocks: what follows from AWS's side and the objects working together.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { ownValues } from "../../../src/config/raw";
import { Sealed } from "../../../src/config/sealed";
import { saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { policyOf } from "../components/reading";
import { type Registered, record } from "../record";
import { stackMocks } from "./mocks";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const directory = mkdtempSync(join(tmpdir(), "palisade-eks-"));
const kubeconfig = join(directory, "kubeconfig");
afterAll(() => rmSync(directory, { recursive: true }));

function eksConfig(names: string[]): StackConfig {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const values = ownValues(raw);
  const workloads = values.workloads as Record<string, unknown>;
  const own: Record<string, unknown> = {
    ...values,
    compute: "eks",
    eks: { releaseRoleArn: "arn:aws:iam::123456789012:role/release" },
    localAws: { ...(values.localAws as object), kubeconfig },
    platformImages: { ...(values.platformImages as object), collector: digest("c"), "workload-guard": digest("d") },
    workloads: Object.fromEntries(names.map(name => [name, workloads[name]])),
    secrets: names.includes("router")
      ? { router: { TELEGRAM_BOT_TOKEN: new Sealed("made-up"), A2A_TOKEN: new Sealed("made-up") } }
      : {},
  };
  const parsed = parseConfig(new Map(Object.entries(own).map(([key, value]) => [`palisade:${key}`, value])), {
    catalog,
    preview: true,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const config = parsed.config as unknown as StackConfig;
  // Values of secrets are sealed in a file; the program has them open.
  return {
    ...config,
    secrets: { router: { TELEGRAM_BOT_TOKEN: pulumi.output("made-up"), A2A_TOKEN: pulumi.output("made-up") } },
  };
}

const eksTypes = ["accessEntry:AccessEntry", "accessPolicyAssociation:AccessPolicyAssociation", "addon:Addon"].concat(
  "cluster:Cluster",
  "nodeGroup:NodeGroup",
  "podIdentityAssociation:PodIdentityAssociation",
);
const kinds = [
  "apiextensions.k8s.io/v1:CustomResourceDefinition",
  "apps/v1:Deployment",
  "autoscaling/v2:HorizontalPodAutoscaler",
  "coordination.k8s.io/v1:Lease",
  "core/v1:ConfigMap",
  "core/v1:LimitRange",
  "core/v1:Namespace",
  "core/v1:PersistentVolume",
  "core/v1:PersistentVolumeClaim",
  "core/v1:ResourceQuota",
  "core/v1:Secret",
  "core/v1:Service",
  "core/v1:ServiceAccount",
  "networking.k8s.io/v1:NetworkPolicy",
  "policy/v1:PodDisruptionBudget",
  "rbac.authorization.k8s.io/v1:Role",
  "rbac.authorization.k8s.io/v1:RoleBinding",
  "vpcresources.k8s.aws/v1beta1:SecurityGroupPolicy",
];
const mocks = {
  ...stackMocks,
  types: [
    ...stackMocks.types,
    ...eksTypes.map(type => `aws:eks/${type}`),
    ...kinds.map(kind => `kubernetes:${kind}`),
    "aws:autoscaling/attachment:Attachment",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "pulumi:providers:kubernetes",
    "pulumi-nodejs:dynamic:Resource",
  ],
  outputs: {
    ...stackMocks.outputs,
    "aws:eks/cluster:Cluster": () => ({ endpoint: "https://eks.example", certificateAuthority: { data: "Q0E=" } }),
    "pulumi-nodejs:dynamic:Resource": () => ({
      certificate: "made-up",
      key: "made-up",
      notAfter: "2030-01-01T00:00:00Z",
    }),
    "random:index/randomPassword:RandomPassword": (_: Record<string, unknown>, name: string) => ({
      result: `made-up-${name}`,
    }),
    "aws:eks/nodeGroup:NodeGroup": () => ({ resources: [{ autoscalingGroups: [{ name: "eks-group" }] }] }),
  },
};

let all: Registered[];
beforeAll(async () => {
  writeFileSync(kubeconfig, "");
  all = await record(mocks, () => saas(eksConfig(["sanctum", "router", "iss"]), catalog));
}, 240_000);

const ofType = (type: string) => all.filter(r => r.type === type);
const groups = () => new Map(ofType("aws:ec2/securityGroup:SecurityGroup").map(g => [`${g.name}-id`, g.name]));

describe("security groups (SA-9)", () => {
  test("each database is reached by its client's pods alone", () => {
    const into = (name: string) =>
      ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        .filter(({ inputs }) => inputs.securityGroupId === `${name}-id`)
        .map(({ inputs }) => groups().get(String(inputs.referencedSecurityGroupId)));
    expect(into("sanctum-dev-postgres")).toEqual(["sanctum-dev-backend"]);
    expect(into("sanctum-dev-vectors")).toEqual(["sanctum-dev-ai-core"]);
    expect(into("iss-dev-volumes-customer-vaults")).toEqual(["palisade-dev-nodes"]);
  });

  test("the internet reaches the edge, and no node", () => {
    const open = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .filter(({ inputs }) => inputs.cidrIpv4 !== undefined || inputs.cidrIpv6 !== undefined)
      .map(({ inputs }) => groups().get(String(inputs.securityGroupId)));
    expect(open).toEqual(["palisade-dev-edge"]);
  });

  test("pods of each service are given their own group", () => {
    const policies = ofType("kubernetes:vpcresources.k8s.aws/v1beta1:SecurityGroupPolicy").map(({ inputs }) => {
      const { metadata, spec } = inputs as {
        metadata: { name: string };
        spec: { securityGroups: { groupIds: string[] } };
      };
      return [metadata.name, spec.securityGroups.groupIds.map(id => groups().get(id))];
    });
    expect(Object.fromEntries(policies)).toMatchObject({
      backend: ["sanctum-dev-backend"],
      "ai-core": ["sanctum-dev-ai-core"],
      poller: ["router-dev-poller"],
      api: ["iss-dev-api"],
    });
  });
});

describe("identities (SA-13, CP-3)", () => {
  test("each service has a role of its own, which may do what its task's may", () => {
    const given = ofType("aws:eks/podIdentityAssociation:PodIdentityAssociation").map(({ inputs }) => [
      `${inputs.namespace}/${inputs.serviceAccount}`,
      String(inputs.roleArn),
    ]);
    expect(given.map(([account]) => account).sort()).toEqual([
      "iss-dev/api",
      "router-dev/poller",
      "sanctum-dev/ai-core",
      "sanctum-dev/backend",
    ]);
    expect(new Set(given.map(([, role]) => role)).size).toBe(4);
    const policy = all.find(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === "sanctum-dev-backend");
    expect(policy && policyOf(policy).map(({ Action }) => Action)).toEqual([
      "rds-db:connect",
      "cloudwatch:PutMetricData",
    ]);
  });

  test("nothing runs as a task of ECS but what follows the files", () => {
    expect(ofType("aws:ecs/service:Service").map(({ name }) => name)).toEqual(["iss-dev-log-shipper"]);
    expect(all.some(({ type }) => type.startsWith("aws:acmpca/"))).toBe(false);
  });
});

describe("objects", () => {
  const deployment = (name: string) => {
    const found = ofType("kubernetes:apps/v1:Deployment").find(
      ({ inputs }) => (inputs.metadata as { name: string }).name === name,
    );
    if (!found) throw new Error(`no Deployment \`${name}\``);
    return found.inputs as {
      spec: { template: { spec: { containers: { image: string; env: { name: string; value?: string }[] }[] } } };
    };
  };

  test("take their images from the stack's registry, by digest (RT-1)", () => {
    const [container] = deployment("backend").spec.template.spec.containers;
    expect(container?.image).toMatch(/^registry\.example\/dev\/sanctum\/backend@sha256:[0-9a-f]{64}$/);
    const text = JSON.stringify(ofType("kubernetes:apps/v1:Deployment").map(({ inputs }) => inputs));
    for (const [, image] of text.matchAll(/"image":"([^"]+)"/g)) expect(image).toMatch(/^registry\.example\/dev\//);
  });

  test("find the stack's own databases, and wait for a lease of the cluster's", () => {
    const [backend] = deployment("backend").spec.template.spec.containers;
    const variables = Object.fromEntries((backend?.env ?? []).map(({ name, value }) => [name, value]));
    expect(variables.DATABASE_USER).toBe("backend");
    expect(variables).toHaveProperty("DATABASE_HOST");
    const [poller] = deployment("poller").spec.template.spec.containers;
    expect((poller?.env ?? []).map(({ name }) => name)).toContain("LEASE_NAME");
  });

  test("no value of a secret is among them in clear", () => {
    const text = JSON.stringify(
      all.filter(r => r.type !== "kubernetes:core/v1:Secret" && r.type.startsWith("kubernetes:")),
    );
    expect(text).not.toContain("made-up");
  });

  test("ask for no store of the cluster's own: no bundled database, no claim but on a directory of EFS", () => {
    expect(
      ofType("kubernetes:core/v1:PersistentVolumeClaim")
        .map(({ inputs }) => (inputs.metadata as { name: string }).name)
        .sort(),
    ).toEqual(["forensic-logs", "memory-matrix", "spice-layer"]);
  });
});

test("a workload with tenants is refused before anything is registered", async () => {
  await expect(record({ types: [] }, () => saas(eksConfig(["scriptpulse"]), catalog))).rejects.toThrow(
    /does not make .*\n[\s\S]*scriptpulse\.tenancy/,
  );
});
