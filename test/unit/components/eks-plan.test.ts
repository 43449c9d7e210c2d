// Unit tests: what of EKS is decided without AWS: how many nodes, which ports, what goes to the cluster and what does not.
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iss } from "../../../src/catalog/iss";
import { router } from "../../../src/catalog/router";
import { sanctum } from "../../../src/catalog/sanctum";
import { scriptpulse } from "../../../src/catalog/scriptpulse";
import { eksHome, withoutManaged } from "../../../src/components/aws/eks-home";
import { clusterKubeconfig } from "../../../src/components/aws/eks-kubeconfig";
import { observabilityConfiguration, partLogGroup } from "../../../src/components/aws/eks-log-shipping";
import { nodePorts } from "../../../src/components/aws/eks-node-ports";
import { type NodeType, nodeSizes, nodesFor } from "../../../src/components/aws/eks-node-size";
import { unbuiltOnEks } from "../../../src/components/aws/eks-not-built-yet";
import { edgeService, partsOf, substitute } from "../../../src/components/aws/eks-objects";
import { eksPodParts } from "../../../src/components/aws/eks-pod-parts";
import { nodeTypes } from "../../../src/config/eks-schema";
import { resolved } from "./reading";
import { sampleService } from "./samples";

describe("nodes", () => {
  test("the configuration offers just the types whose room is known", () => {
    expect([...nodeTypes].sort()).toEqual(Object.keys(nodeSizes).sort());
  });

  test("there is one in each zone, and one more", () => {
    expect(nodesFor([], "m6i.xlarge", 3)).toBe(4);
  });

  test("all pods at their most replicas fit, each with an interface of its own", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 3000 }), (maxReplicas, cpuMillicores) => {
        const service = { ...sampleService(), resources: { cpuMillicores, memoryMiB: 512, gpus: 0 } };
        const workload = {
          ...sanctum,
          services: { api: { ...service, scaling: { ...service.scaling, minReplicas: 1, maxReplicas } } },
        };
        const count = nodesFor([workload], "m6i.xlarge", 2);
        const { podInterfaces, cpuMillicores: room } = nodeSizes["m6i.xlarge"];
        // One may be lost.
        expect((count - 1) * podInterfaces).toBeGreaterThanOrEqual(maxReplicas);
        expect((count - 1) * room).toBeGreaterThan(maxReplicas * cpuMillicores);
      }),
    );
  });

  test("a pod larger than a node is refused by name", () => {
    expect(() => nodesFor([sanctum], "c6i.xlarge" satisfies NodeType, 2)).not.toThrow();
    const { "ai-core": core } = sanctum.services;
    const large = { ...core, resources: { cpuMillicores: 1000, memoryMiB: 15_000, gpus: 0 } } as typeof core;
    const workload = { ...sanctum, services: { "ai-core": large } } as typeof sanctum;
    expect(() => nodesFor([workload], "m6i.xlarge", 2)).toThrow("`sanctum.services.ai-core`");
  });
});

describe("ports of nodes", () => {
  test("are Kubernetes' own, and each is had once", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 200 }), names => {
        const all = [...nodePorts(names).values()].flatMap(({ port, healthPort }) => [port, healthPort]);
        expect(new Set(all).size).toBe(2 * names.length);
        for (const port of all) expect(port >= 30_000 && port <= 32_767).toBe(true);
      }),
    );
  });

  test("stay when a service comes or goes", () => {
    const before = nodePorts(["sanctum/backend"]).get("sanctum/backend");
    expect(nodePorts(["iss/api", "sanctum/backend", "scriptpulse/api"]).get("sanctum/backend")).toEqual(before);
  });
});

describe("what goes to the cluster", () => {
  test("is a workload without AWS's own stores, and without the variables that name them", () => {
    const { state, services } = withoutManaged(sanctum);
    expect(state).toMatchObject({ postgres: undefined, vectors: undefined, volumes: {}, buckets: {}, queues: {} });
    expect(Object.keys(services.backend?.environment ?? {})).toEqual([
      "APP_ENV",
      "BUILD_SHA",
      "PUBLIC_ORIGIN",
      "ALLOW_ORIGINS",
      "AI_CORE_URL",
      "DATABASE_SSLMODE",
    ]);
  });

  test("logs that are files are followed where they lie", () => {
    expect(withoutManaged(iss).services.api?.logs).toEqual([{ kind: "application" }]);
  });

  test("its API server has the first address of its services", () => {
    const home = eksHome({
      workload: router,
      environment: "dev",
      region: "eu-central-1",
      buildSha: "0".repeat(40),
      images: {},
      helpers: {},
      hostName: "router.example.com",
      ranges: { vpc: "10.0.0.0/16", private: ["10.0.16.0/20"], services: "172.20.0.0/16" },
      retention: { logDays: 7, complianceDays: 7 },
      tracing: { samplePercent: 25 },
    });
    expect(home.apiServer).toEqual({ ranges: ["10.0.16.0/20", "172.20.0.1/32"], port: 443 });
    expect(home.namespace).toBe("router-dev");
  });

  test("a service reaches identities, endpoints and its databases; the edge reaches it on its port alone", () => {
    const { backend } = sanctum.services;
    if (!backend) throw new Error("the sample is missing");
    const ranges = { public: ["10.0.0.0/24"], private: ["10.0.16.0/20"], data: ["10.0.4.0/24"] };
    const parts = eksPodParts({
      service: backend,
      environment: {},
      ranges,
      databases: true,
      buckets: false,
      directories: [],
    });
    expect(parts.egress?.map(({ name, port }) => `${name}:${port}`)).toEqual([
      "pod-identity:80",
      "aws-endpoints:443",
      "databases:5432",
    ]);
    expect(parts.ingress).toEqual([{ name: "edge", peer: { ipBlock: { cidr: "10.0.0.0/24" } }, port: 8443 }]);
    const closed = eksPodParts({
      service: { ...backend, network: { ...backend.network, exposure: "internal" } },
      environment: {},
      ranges,
      databases: false,
      buckets: true,
      directories: [],
    });
    expect(closed.egress?.map(({ name }) => name)).toContain("s3");
    expect(closed.ingress).toEqual([]);
    expect(closed.egress?.map(({ name }) => name)).not.toContain("databases");
  });
});

describe("what EKS does not make", () => {
  const values = { TELEGRAM_BOT_TOKEN: "x", A2A_TOKEN: "x" };

  test("is nothing of Sanctum, ISS and the router", () => {
    expect(unbuiltOnEks(sanctum, {})).toEqual([]);
    expect(unbuiltOnEks(iss, {})).toEqual([]);
    expect(unbuiltOnEks(router, values)).toEqual([]);
  });

  test("is tenancy and logs of declared fields, by name", () => {
    const paths = unbuiltOnEks(scriptpulse, {}).map(({ path }) => path);
    expect(paths).toContain("tenancy");
    expect(paths.some(path => /^services\.api\.logs\.\d+\.fields$/.test(path))).toBe(true);
  });

  test("is a pod whose supplied secret has no value", () => {
    expect(unbuiltOnEks(router, { A2A_TOKEN: "x" })).toEqual([
      {
        path: "secrets.TELEGRAM_BOT_TOKEN",
        found: "no value",
        allowed: "one: pulumi config set --secret --path 'palisade:secrets.router.TELEGRAM_BOT_TOKEN'",
      },
    ]);
  });
});

describe("objects", () => {
  const part = { workload: "sanctum", namespace: "sanctum-dev", part: "backend" };

  test("the edge's way leads to pods of the node it came to, and asks which node has some", () => {
    expect(edgeService(part, 8443, { port: 30_100, healthPort: 30_200 }).spec).toMatchObject({
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 30_200,
      loadBalancerClass: "palisade.dev/edge",
      ports: [{ port: 8443, nodePort: 30_100 }],
    });
  });

  test("texts that stand for images give way to them, everything else stays", async () => {
    const images = new Map([["sanctum/backend@sha256:1", pulumi.output("registry.example/sanctum@sha256:1")]]);
    const object = { image: "sanctum/backend@sha256:1", list: [{ image: "other" }], number: 1, nothing: null };
    const changed = substitute(object, images) as unknown as { image: pulumi.Output<string> };
    expect(await resolved(changed.image)).toBe("registry.example/sanctum@sha256:1");
    expect({ ...changed, image: "" }).toEqual({ ...object, image: "" });
  });

  test("parts are what makes pods", () => {
    const metadata = (name: string) => ({ apiVersion: "v1", metadata: { name } });
    expect(
      partsOf([
        { kind: "Deployment", ...metadata("api") },
        { kind: "Service", ...metadata("api") },
        { kind: "StatefulSet", ...metadata("collector") },
      ]),
    ).toEqual(["api", "collector"]);
  });
});

test("each pod's lines go to the log group of its part, which the shipper never makes", () => {
  const text = JSON.stringify(
    observabilityConfiguration({ environment: "prod", region: "eu-central-1", clusterName: "c" }),
  );
  const template = partLogGroup(
    "prod",
    "$kubernetes['labels']['app.kubernetes.io/part-of']",
    "$kubernetes['labels']['app.kubernetes.io/name']",
  );
  expect(text).toContain(`log_group_template  ${template}`);
  // Fluent Bit takes only dots and commas after a variable.
  expect(template).toMatch(/'\]\.\$kubernetes/);
  expect(text).toContain("auto_create_group   false");
});

test("a kubeconfig holds no credential", () => {
  const config = clusterKubeconfig({
    name: "palisade-prod",
    endpoint: "https://e",
    certificateAuthority: "Q0E=",
    region: "eu-central-1",
  });
  expect(JSON.parse(config).users[0].user).toEqual({
    exec: expect.objectContaining({ command: "aws", interactiveMode: "Never" }),
  });
});
