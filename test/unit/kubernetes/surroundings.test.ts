// What stands around the pods of a service: scaling, disruption, accounts, certificates, secrets, ways in, bounds, refusals.
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { configAnnotations } from "../../../src/components/kubernetes/config-and-secrets";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { unbuiltInCluster } from "../../../src/components/kubernetes/kubernetes-not-built-yet";
import { dnsNames } from "../../../src/components/kubernetes/names";
import { boundObjects } from "../../../src/components/kubernetes/namespace";
import { combineParts } from "../../../src/components/kubernetes/pod-parts";
import { cores, count, gibibytes, mebibytes, read } from "../../../src/components/kubernetes/quantity";
import { accountObjects, tokenParts } from "../../../src/components/kubernetes/service-account";
import { objectsOfService } from "../../../src/components/kubernetes/service-objects";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import type { Workload } from "../../../src/workload/workload";
import { digest, homeOf, objectOf, type plainService, sampleWorkload, systems } from "./samples";

const objectsFor = (workload: Workload, changes = {}) => workloadObjects(homeOf(workload, changes)).objects;

function system(name: string): Workload {
  const workload = systems().find(other => other.name === name);
  if (!workload) throw new Error(`no system ${name}`);
  return workload;
}

describe("the autoscaler", () => {
  const scaler = (scaling: typeof plainService.scaling, changes = {}) =>
    objectOf(objectsFor(sampleWorkload({ scaling }), changes), "HorizontalPodAutoscaler", "api");

  test("tracks CPU and memory of the specification", () => {
    const found = scaler({
      minReplicas: 2,
      maxReplicas: 9,
      targets: [
        { metric: "cpu", percent: 55 },
        { metric: "memory", percent: 70 },
      ],
    });
    expect(found.spec).toMatchObject({
      minReplicas: 2,
      maxReplicas: 9,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 55 } } },
        { type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 70 } } },
      ],
    });
  });

  const custom = {
    minReplicas: 2,
    maxReplicas: 4,
    targets: [
      { metric: "cpu" as const, percent: 60 },
      { metric: "requests-per-replica" as const, perMinute: 600 },
      { metric: "latency-p95" as const, milliseconds: 12_000 },
    ],
  };

  test("tracks metrics of pods where the cluster serves them", () => {
    const metrics = listAt(scaler(custom, { podMetrics: true }), "spec", "metrics");
    expect(metrics.map(metric => at(metric, "pods", "metric", "name"))).toEqual([
      undefined,
      "requests_per_minute",
      "latency_round_trip_ms_p95",
    ]);
    expect(at(metrics[2], "pods", "target")).toEqual({ type: "AverageValue", averageValue: "12k" });
  });

  test("says which targets it cannot measure where the cluster does not", () => {
    const found = scaler(custom);
    expect(found.metadata.annotations).toEqual({
      "palisade.dev/unmeasured-targets": "requests-per-replica, latency-p95",
    });
    expect(listAt(found, "spec", "metrics")).toHaveLength(1);
    const none = scaler({ ...custom, targets: [{ metric: "requests-per-replica", perMinute: 600 }] });
    expect(at(listAt(none, "spec", "metrics")[0], "resource", "name")).toBe("cpu");
  });

  test("adds replicas only when back-pressure has had its time (RT-7)", () => {
    const window = (scaling: typeof plainService.scaling) =>
      at(scaler(scaling), "spec", "behavior", "scaleUp", "stabilizationWindowSeconds");
    const backPressure = { cpuPercent: 60, latencyP95Milliseconds: 12_000 };
    expect(window({ minReplicas: 2, maxReplicas: 4 })).toBe(60);
    expect(window({ minReplicas: 2, maxReplicas: 4, backPressure })).toBe(600);
  });

  test.each([
    ["a fixed number", { minReplicas: 3, maxReplicas: 3 }],
    ["replicas that take turns", { minReplicas: 2, maxReplicas: 5, mode: "active-passive" as const }],
  ])("is not there for %s", (_, scaling) => {
    const kinds = objectsFor(sampleWorkload({ scaling })).map(({ kind }) => kind);
    expect(kinds).not.toContain("HorizontalPodAutoscaler");
  });
});

describe("the disruption budget", () => {
  test.each([
    ["two replicas", { minReplicas: 2, maxReplicas: 2 }, 1],
    ["one that may become two", { minReplicas: 1, maxReplicas: 2 }, 1],
    ["one for ever", { minReplicas: 1, maxReplicas: 1 }, 0],
  ])("of %s", (_, scaling, expected) => {
    const budgets = objectsFor(sampleWorkload({ scaling })).filter(
      ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name === "api",
    );
    expect(budgets).toHaveLength(expected);
    for (const budget of budgets) expect(at(budget, "spec", "maxUnavailable")).toBe(1);
  });
});

describe("an account", () => {
  const rules = [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: ["x"], verbs: ["get"] }];

  test("has a role and a short-lived token only with rules", () => {
    const account = { workload: "sample", namespace: "sample-prod", name: "api" };
    expect(accountObjects({ ...account, rules: [] }).map(({ kind }) => kind)).toEqual(["ServiceAccount"]);
    expect(tokenParts([])).toEqual({});
    expect(accountObjects({ ...account, rules }).map(({ kind }) => kind)).toEqual([
      "ServiceAccount",
      "Role",
      "RoleBinding",
    ]);
    const [volume] = tokenParts(rules).volumes ?? [];
    expect(at(listAt(volume, "projected", "sources")[0], "serviceAccountToken")).toEqual({
      path: "token",
      expirationSeconds: 3600,
    });
  });

  test("with rules may reach the API server, and nobody else may", () => {
    const home = homeOf(sampleWorkload());
    const service = home.workload.services.api;
    if (!service) throw new Error("the sample is missing");
    const image = `registry.example/api@${digest}`;
    const ways = (parts: { rules?: typeof rules }[]) => {
      const { objects } = objectsOfService(home, { name: "api", service, image, parts });
      return JSON.stringify(at(objectOf(objects, "NetworkPolicy", "api"), "spec", "egress") ?? []);
    };
    expect(ways([{ rules }])).toContain('"cidr":"192.0.2.1/32"');
    expect(ways([])).not.toContain("192.0.2.1/32");
  });
});

describe("certificates (SA-6, SA-13)", () => {
  const workload = system("sanctum");
  const { objects, secrets } = workloadObjects(homeOf(workload));

  test("name the part as it is called, and the public one as the world calls it", () => {
    const plan = (name: string) => secrets.find(secret => secret.name === name)?.certificate;
    expect(plan("tls-ai-core")).toEqual({
      commonName: "ai-core",
      dnsNames: dnsNames("ai-core", "sanctum-prod"),
      usages: ["server", "client"],
    });
    expect(plan("tls-backend")?.dnsNames).toContain("sanctum.example.com");
    expect(plan("tls-ai-core")?.dnsNames).not.toContain("sanctum.example.com");
  });

  test("are where the variables say, read by the group alone; an internal service knows its callers", () => {
    const pod = at(objectOf(objects, "Deployment", "ai-core"), "spec", "template", "spec");
    const main = listAt(pod, "containers").find(container => at(container, "name") === "ai-core");
    expect(listAt(main, "env")).toEqual(
      expect.arrayContaining([
        { name: "ALLOWED_CALLERS", value: "backend.sanctum-prod.svc" },
        { name: "TLS_CERT_FILE", value: "/run/palisade/tls/tls.crt" },
        { name: "TLS_MIN_VERSION", value: "1.2" },
      ]),
    );
    expect(listAt(pod, "volumes")).toContainEqual({
      name: "tls",
      secret: { secretName: "tls-ai-core", defaultMode: 0o440 },
    });
  });
});

describe("variables", () => {
  const value = (workload: Workload, service: string, name: string, changes = {}) => {
    const deployment = objectOf(objectsFor(workload, changes), "Deployment", service);
    const [main] = listAt(deployment, "spec", "template", "spec", "containers");
    return at(
      listAt(main, "env").find(variable => at(variable, "name") === name),
      "value",
    );
  };
  const sanctum = system("sanctum");

  test.each([
    ["AI_CORE_URL", "https://ai-core.sanctum-prod.svc:8444"],
    ["DATABASE_HOST", "postgres.sanctum-prod.svc"],
    ["DATABASE_PORT", "5432"],
    ["DATABASE_NAME", "sanctum"],
    ["DATABASE_USER", "backend"],
    ["APP_ENV", "prod"],
    ["PUBLIC_ORIGIN", "https://sanctum.example.com"],
    ["ALLOW_ORIGINS", "https://app.example.com"],
  ])("%s is resolved", (name, expected) => {
    expect(value(sanctum, "backend", name)).toBe(expected);
  });

  test("lead to a database of the customer's own where there is one", () => {
    const external = { postgres: { host: "db.example.com", port: "6432", ranges: ["198.51.100.0/24"] } };
    expect(value(sanctum, "backend", "DATABASE_HOST", { external })).toBe("db.example.com");
    expect(value(sanctum, "backend", "DATABASE_PORT", { external })).toBe("6432");
    const policy = objectOf(objectsFor(sanctum, { external }), "NetworkPolicy", "backend");
    expect(listAt(policy, "spec", "egress")).toContainEqual({
      to: [{ ipBlock: { cidr: "198.51.100.0/24" } }],
      ports: [{ protocol: "TCP", port: 6432 }],
    });
  });

  test("that the stack cannot give are refused by name", () => {
    expect(() => objectsFor(system("iss"), { frontendOrigin: undefined })).toThrow(
      "variable `ALLOW_ORIGINS` asks for frontend-origin",
    );
  });
});

describe("secrets (SA-8, PF-7)", () => {
  test("are a plan for whoever applies, and a reference for their readers", () => {
    const secrets = {
      SIGNING_KEY: { description: "Signs.", source: "generated" as const, length: 64, readers: ["api"] },
      API_TOKEN: { description: "Token.", source: "supplied" as const, readers: ["api", "client"] },
    };
    const made = workloadObjects(homeOf(sampleWorkload({}, { secrets })));
    const plan = (name: string) => made.secrets.find(secret => secret.name === name)?.keys;
    expect(plan("signing-key-value")).toEqual({ value: { kind: "generated", length: 64 } });
    expect(plan("api-token-value")).toEqual({
      value: { kind: "supplied", variable: "API_TOKEN", description: "Token." },
    });
    const env = (name: string) =>
      listAt(listAt(objectOf(made.objects, "Deployment", name), "spec", "template", "spec", "containers")[0], "env");
    const reference = { name: "SIGNING_KEY", valueFrom: { secretKeyRef: { name: "signing-key-value", key: "value" } } };
    expect(env("api")).toContainEqual(reference);
    expect(JSON.stringify(env("client"))).not.toContain("SIGNING_KEY");
  });

  test("changed configuration makes new pods, but not what is read live", async () => {
    const map = (name: string, text: unknown, annotations = {}) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, annotations },
      data: { text },
    });
    const volumes = [
      { name: "a", configMap: { name: "plain" } },
      { name: "b", projected: { sources: [{ configMap: { name: "live" } }] } },
    ];
    const live = (text: string) => map("live", text, { "palisade.dev/read-live": "true" });
    const before = configAnnotations([map("plain", "1"), live("1"), map("other", "1")], volumes);
    expect(before).toEqual({ "palisade.dev/config-sha256": expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(configAnnotations([map("plain", "1"), live("2"), map("other", "2")], volumes)).toEqual(before);
    expect(configAnnotations([map("plain", "2"), live("1"), map("other", "1")], volumes)).not.toEqual(before);
    expect(configAnnotations([map("other", "1")], volumes)).toEqual({});
    const [later] = Object.values(configAnnotations([map("plain", pulumi.output("1"))], volumes));
    const known = await new Promise(resolve => pulumi.output(later).apply(resolve));
    expect(known).toBe(before["palisade.dev/config-sha256"]);
  });

  test("a variable of two parts is refused", () => {
    expect(() =>
      combineParts([{ environment: { A: "1" } }, { secretEnvironment: { A: { secret: "s", key: "k" } } }]),
    ).toThrow("variable `A` is set by two parts");
  });
});

describe("the way in (IS-5, SP-5, SP-9)", () => {
  const behind = (className: string) => ({
    ingress: { className, controller: { namespace: "ingress", podLabels: { app: className } } },
  });

  test.each([
    ["nginx", "nginx.ingress.kubernetes.io/backend-protocol", "HTTPS"],
    ["nginx", "nginx.ingress.kubernetes.io/proxy-ssl-verify", "on"],
    ["nginx", "nginx.ingress.kubernetes.io/proxy-body-size", "8192"],
    ["traefik", "traefik.ingress.kubernetes.io/router.tls.options", "sanctum-prod-backend@kubernetescrd"],
  ])("of class %s has %s", (className, annotation, expected) => {
    const ingress = objectOf(objectsFor(system("sanctum"), behind(className)), "Ingress", "backend");
    expect(ingress.metadata.annotations?.[annotation]).toBe(expected);
    expect(ingress.spec).toMatchObject({
      ingressClassName: className,
      tls: [{ hosts: ["sanctum.example.com"], secretName: "tls-backend" }],
    });
  });

  test("of Traefik takes TLS 1.3 alone, keeps bodies in memory and counts by tenant", () => {
    const objects = objectsFor(system("scriptpulse"));
    expect(objectOf(objects, "TLSOption", "api").spec).toEqual({ minVersion: "VersionTLS13" });
    const bytes = 16 * 1024 * 1024;
    expect(objectOf(objects, "Middleware", "api-body").spec).toEqual({
      buffering: { maxRequestBodyBytes: bytes, memRequestBodyBytes: bytes },
    });
    expect(objectOf(objects, "Middleware", "api-tenants").spec).toMatchObject({
      rateLimit: { average: 60, period: "1m", sourceCriterion: { requestHeaderName: "x-tenant-id" } },
    });
    expect(objectOf(objects, "Service", "api").metadata.annotations).toMatchObject({
      "traefik.ingress.kubernetes.io/service.serversscheme": "https",
    });
  });

  test("is none without a class, nor for a service that is not public", () => {
    const kinds = (changes: object) => objectsFor(system("sanctum"), changes).map(({ kind }) => kind);
    expect(kinds({ ingress: undefined })).not.toContain("Ingress");
    expect(kinds({}).filter(kind => kind === "Ingress")).toHaveLength(1);
  });

  test.each([
    ["nginx", "scriptpulse", ["services.api.network.minimumTls", "tenancy.requestsPerMinute"]],
    ["haproxy", "sanctum", ["services.backend.network.largeBodies"]],
    ["unheard-of", "iss", ["services.api.network.exposure"]],
    ["traefik", "scriptpulse", []],
    ["nginx", "sanctum", []],
  ])("of class %s refuses what it cannot hold of %s", (className, name, expected) => {
    const found = unbuiltInCluster({ workload: system(name), ...behind(className) });
    expect(found.map(({ path }) => path)).toEqual(expected);
    for (const { allowed } of found) expect(allowed).toContain("traefik");
  });
});

describe("what Kubernetes does not make", () => {
  test("is refused in one message, before anything is made", () => {
    const volumes = {
      own: { sizeGiB: 1, mounts: ["api", "client"].map(service => ({ service, path: "/data" })) },
      other: { sizeGiB: 1, ownerUser: 2000, mounts: [{ service: "api", path: "/other" }] },
    };
    const workload = sampleWorkload(
      { tmpfs: [{ path: "/tmp", sizeMiB: 8 }], logs: [{ kind: "audit", file: "/tmp/audit.log" }] },
      { state: { volumes } },
    );
    expect(unbuiltInCluster(homeOf(workload)).map(({ path }) => path)).toEqual([
      "state.volumes.own.mounts",
      "services.api",
      "services.api.logs.0.file",
    ]);
    expect(() => objectsFor(workload)).toThrow(/does not make 3 parts.*\n {2}sample\.state\.volumes\.own\.mounts/);
  });

  test.each(["postgres", "collector", "default-deny"])("a service named `%s` is refused", name => {
    const { api, client } = sampleWorkload().services;
    const workload = { ...sampleWorkload(), services: { api, client, [name]: api } } as Workload;
    expect(unbuiltInCluster(homeOf(workload)).map(({ path }) => path)).toContain(`services.${name}`);
  });
});

describe("the namespace (IS-8, RT-27)", () => {
  test("admits `restricted` pods only, by a version that stays", () => {
    const { labels } = objectOf(objectsFor(sampleWorkload()), "Namespace", "sample-prod").metadata;
    for (const mode of ["enforce", "audit", "warn"])
      expect(labels).toMatchObject({
        [`pod-security.kubernetes.io/${mode}`]: "restricted",
        [`pod-security.kubernetes.io/${mode}-version`]: "v1.33",
      });
  });

  test("is bounded by twice what its replicas take at most, and has no way in but the Ingress", () => {
    const home = homeOf(sampleWorkload({ scaling: { minReplicas: 1, maxReplicas: 4 } }));
    const controllers = workloadObjects(home).objects.filter(
      ({ kind, metadata }) =>
        ["Deployment", "HorizontalPodAutoscaler"].includes(kind) && ["api", "client"].includes(metadata.name),
    );
    const [quota, limits] = boundObjects(home, controllers);
    // api: 4 x 500m, 512 MiB; client: 1 x 100m, 64 MiB; and two pods more.
    expect(at(quota, "spec", "hard")).toEqual({
      pods: "12",
      "requests.cpu": "4400m",
      "requests.memory": "5248Mi",
      "limits.memory": "5248Mi",
      persistentvolumeclaims: "0",
      "services.nodeports": "0",
      "services.loadbalancers": "0",
    });
    expect(at(listAt(limits, "spec", "limits")[0], "max")).toEqual({ memory: "512Mi" });
  });

  test("leaves room for a replica at its ceiling (RT-6)", () => {
    const limits = objectOf(objectsFor(system("router")), "LimitRange", "containers");
    expect(at(listAt(limits, "spec", "limits")[0], "max")).toEqual({ memory: "1Gi" });
  });
});

describe("quantities", () => {
  test.each([
    [cores(500), "500m"],
    [cores(2000), "2"],
    [mebibytes(1024), "1Gi"],
    [mebibytes(1536), "1536Mi"],
    [gibibytes(1024), "1Ti"],
    [count(0), "0"],
    [count(1500), "1500"],
    [count(120_000), "120k"],
  ])("%s is the spelling of the API server", (found, expected) => {
    expect(found).toBe(expected);
  });

  test("are read back, and refused in a unit that would be counted wrong", () => {
    expect(read("2", "cores")).toBe(2000);
    expect(read("250m", "cores")).toBe(250);
    expect(read("2Gi", "mebibytes")).toBe(2048);
    expect(read("3", "count")).toBe(3);
    expect(() => read("512M", "mebibytes")).toThrow("quantity `512M` is not in mebibytes");
    expect(() => read("1.5", "cores")).toThrow();
  });
});
