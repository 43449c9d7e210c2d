// PF-3, RT-1, RT-13, RT-23: what whoever installs a bundle may say of it, and what not; every fault under the key of their file.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { merged } from "../../../src/onprem/render/merge";
import { type RenderedRelease, renderRelease } from "../../../src/onprem/render/rendered-release";
import { parseValues } from "../../../src/onprem/render/values";
import { exampleInputs } from "./example";

const inputs = exampleInputs();
const render = (values: unknown, registry?: string): RenderedRelease =>
  renderRelease(inputs, { values: parseValues(stringify(values), "values.yaml"), registry });
const find = ({ objects }: RenderedRelease, kind: string, namespace: string, name: string): KubernetesObject => {
  const found = objects.find(o => o.kind === kind && o.metadata.namespace === namespace && o.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${namespace}/${name}`);
  return found;
};
const imagesIn = (node: unknown): string[] => {
  if (Array.isArray(node)) return node.flatMap(imagesIn);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === "image" && typeof value === "string" ? [value] : imagesIn(value),
  );
};
const authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

describe("may be said", () => {
  test("where images are pulled from, each still by the digest of the release (RT-1)", () => {
    const host = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?(:[1-9]\d{0,3})?(\/[a-z0-9]{1,8}){0,2}$/);
    const digests = new Map(
      [...renderRelease(inputs).images].map(([repository, reference]) => [repository, reference.split("@")[1]]),
    );
    void fc.assert(
      fc.property(host, fc.boolean(), (registry, asOption) => {
        const rendered = asOption ? render({}, registry) : render({ cluster: { registry } });
        const references = new Set(imagesIn(rendered.objects));
        expect(references.size).toBeGreaterThan(10);
        for (const reference of references) expect([...rendered.images.values()]).toContain(reference);
        for (const [repository, reference] of rendered.images)
          expect(reference).toBe(`${registry}/${repository}@${digests.get(repository)}`);
      }),
      { numRuns: 10 },
    );
    expect(render({ cluster: { registry: "one.example.com" } }, "two.example.com").config.cluster.registry).toBe(
      "two.example.com",
    );
    expect(() => render({}, "https://two.example.com")).toThrow(/--registry registry\.example\.com:5000/);
  });

  test("replicas, sizes, storage, tenants, approvers, variables that are left open", () => {
    const rendered = render({
      workloads: {
        sanctum: { services: { backend: { minReplicas: 3, memoryMiB: 4096 } }, postgres: { storageGiB: 77 } },
        scriptpulse: { tenants: { acme: null, initech: { requestsPerMinute: 5 } } },
        router: { services: { poller: { environment: { A2A_BASE_URL: "https://a2a.customer.example" } } } },
        "content-pipeline": { approvers: { groups: ["customers-editors"] } },
      },
    });
    expect(find(rendered, "HorizontalPodAutoscaler", "sanctum-prod", "backend").spec).toMatchObject({
      minReplicas: 3,
      maxReplicas: 6,
    });
    expect(JSON.stringify(find(rendered, "StatefulSet", "sanctum-prod", "postgres"))).toContain('"77Gi"');
    expect(Object.keys(rendered.config.workloads.scriptpulse?.tenants ?? {}).sort()).toEqual(["globex", "initech"]);
    expect(JSON.stringify(find(rendered, "Deployment", "router-prod", "poller"))).toContain("a2a.customer.example");
    expect(JSON.stringify(rendered.objects)).toContain("customers-editors");
    expect(JSON.stringify(rendered.objects)).not.toContain('"editors"');
  });

  test("a database and a collector of their own: what is secret is a plan, authorities are given", () => {
    const rendered = render({
      siem: { url: "https://siem.customer.example/in", ranges: ["10.9.0.0/24"], certificateAuthority: authority },
      workloads: {
        sanctum: {
          postgres: {
            storageGiB: null,
            external: { host: "db.customer.example", ranges: ["10.8.0.0/24"], certificateAuthority: authority },
          },
        },
      },
    });
    expect(rendered.given).toMatchObject({
      "palisade-prod": { SIEM_CA: authority },
      "sanctum-prod": { POSTGRES_CA: authority },
    });
    const supplied = rendered.secrets.flatMap(({ namespace, keys }) =>
      Object.values(keys).flatMap(source => (source.kind === "supplied" ? [`${namespace} ${source.variable}`] : [])),
    );
    expect(supplied).toEqual(
      expect.arrayContaining([
        "palisade-prod SIEM_ACCESS_KEY",
        "palisade-prod SIEM_CA",
        "sanctum-prod POSTGRES_PASSWORD",
        "sanctum-prod POSTGRES_CA",
      ]),
    );
    expect(() => find(rendered, "StatefulSet", "sanctum-prod", "postgres")).toThrow();
  });

  test("no way in from outside, or another controller, whose labels take the place of the former", () => {
    const closed = render({ cluster: { ingress: null } });
    expect(closed.objects.filter(({ kind }) => kind === "Ingress")).toEqual([]);
    expect(closed.endpoints.filter(({ url }) => url)).toEqual([]);
    const podLabels = { "app.kubernetes.io/component": "controller" };
    const other = render({
      cluster: { ingress: { podLabels, namespace: "edge" } },
      edge: { domain: "customer.example" },
    });
    expect(JSON.stringify(find(other, "NetworkPolicy", "sanctum-prod", "backend"))).not.toContain(
      '"app.kubernetes.io/name":"traefik"',
    );
    expect(other.endpoints.find(({ workload, exposure }) => workload === "iss" && exposure === "public")?.url).toBe(
      "https://iss.customer.example",
    );
  });

  test("more retention, and no key of a service's own is asked for what it has", () => {
    expect(render({ retention: { logDays: 400 } }).config.retention).toEqual({ logDays: 400, complianceDays: 184 });
    expect(render({}).endpoints).toContainEqual({
      workload: "router",
      namespace: "router-prod",
      service: "poller",
      exposure: "none",
      host: "poller.router-prod.svc",
      port: 8080,
      scheme: "http",
      path: "/healthz",
      timeoutSeconds: 5,
    });
  });
});

const env = (environment: unknown) => ({ workloads: { router: { services: { poller: { environment } } } } });
const pinned = "workloads.router.services.poller.environment.PERSONA_MAP_SHA256";

describe("may not be said, and is refused under its own key", () => {
  test.each<[unknown, string, RegExp]>([
    [{ retension: {} }, "retension", /did you mean `retention`\?/],
    [{ cluster: { regstry: "x" } }, "cluster.regstry", /did you mean `registry`\?/],
    [{ release: { buildSha: "0".repeat(40) } }, "release", /comes with the bundle/],
    [{ environment: "dev" }, "environment", /comes with the bundle/],
    [{ mode: "saas" }, "mode", /comes with the bundle/],
    [{ platformImages: {} }, "platformImages", /comes with the bundle/],
    [{ secrets: { router: { A2A_TOKEN: "x" } } }, "secrets", /comes with the bundle/],
    [{ siem: { accessKey: "x" } }, "siem.accessKey", /comes with the bundle/],
    [{ tracing: { samplePercent: 1 } }, "tracing.samplePercent", /comes with the bundle/],
    [{ logs: { node: false } }, "logs.node", /comes with the bundle/],
    [{ cluster: { kubeconfig: "/k" } }, "cluster.kubeconfig", /comes with the bundle/],
    [{ workloads: { sanctum: { images: {} } } }, "workloads.sanctum.images", /comes with the bundle/],
    [{ workloads: { sanctum: null } }, "workloads.sanctum", /allowed: a mapping|allowed: a value/],
    [{ workloads: { santcum: {} } }, "workloads.santcum", /did you mean `sanctum`|found nothing/],
    [{ retention: { logDays: 89 } }, "retention.logDays", /at least 90 days/],
    [{ retention: { logDays: "many" } }, "retention.logDays", /a whole number/],
    [{ cluster: { registry: null } }, "cluster.registry", /found nothing/],
    [{ workloads: { sanctum: { frontendOrigin: "*" } } }, "workloads.sanctum.frontendOrigin", /an https origin/],
    [
      { workloads: { sanctum: { services: { backend: { minReplicas: 1 } } } } },
      "workloads.sanctum.services.backend.minReplicas",
      /at least 2 in prod/,
    ],
    [{ tracing: { endpoint: "https://t.example.com" } }, "tracing.ranges", /found nothing/],
    [
      env({ NODE_OPTIONS: "--inspect" }),
      "workloads.router.services.poller.environment.NODE_OPTIONS",
      /does not leave open/,
    ],
    [env({ PERSONA_MAP_SHA256: "a".repeat(64) }), pinned, /does not leave open/],
    [env({ PERSONA_MAP_SHA256: null, A2A_BASE_URL: "https://a.example.com" }), pinned, /does not leave open/],
    [
      env({ BUILD_SHA: "x" }),
      "workloads.router.services.poller.environment.BUILD_SHA",
      /a variable that the platform sets/,
    ],
    [{ cluster: { ingress: { className: "nobody" } } }, "", /Kubernetes does not make \d+ parts?/],
  ])("%j", (values, key, words) => {
    let message = "";
    try {
      render(values);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(words);
    expect(message).toMatch(/^Nothing was changed: /);
    expect(message).toMatch(/type the same command again/);
    if (key) expect(message).toContain(`\n  ${key}: found`);
    expect(message).not.toContain("palisade:");
  });

  test("a section that is taken away takes no pinned variable with it", () => {
    for (const services of [null, { poller: null }, { poller: { environment: null } }])
      expect(() => render({ workloads: { router: { services } } })).toThrow();
  });

  test("what is kept longer than the environment asks for is not kept shorter than the bundle says", () => {
    const longer = exampleInputs({ ...inputs.config, retention: { logDays: 365, complianceDays: 3650 } });
    const values = (tree: unknown) => ({ values: parseValues(stringify(tree), "v.yaml") });
    expect(() => renderRelease(longer, values({ retention: { logDays: 364 } }))).toThrow(
      /retention\.logDays: found 364 days\n +allowed: at least the 365 days/,
    );
    expect(() => renderRelease(longer, values({ retention: { complianceDays: null } }))).toThrow(
      /complianceDays: found 184 days/,
    );
  });

  test("no secret is quoted, wherever somebody has put it", () => {
    const secret = "hunter2-hunter2-hunter2";
    for (const values of [
      { secrets: { router: { A2A_TOKEN: secret } } },
      { siem: { accessKey: secret } },
      env({ API_KEY: secret }),
      env({ A2A_BASE_URL: `https://user:${secret}@a.example.com` }),
    ])
      expect(() => render(values)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(secret) }));
  });
});

describe("a file that is hostile or broken", () => {
  test.each([
    ["a: [", /no valid YAML: \w+ at line 1/],
    ["a: &x 1\nb: *x\n", /aliases/],
    ["- a\n", /no mapping/],
    ["text", /no mapping/],
    ["a: 1\na: 2\n", /no valid YAML: DUPLICATE_KEY/],
    [`a: ${"[".repeat(20_000)}`, /./],
    [`# ${"x".repeat(1_048_576)}`, /longer than a values file can be/],
  ])("%.30s", (text, words) => {
    expect(() => parseValues(text, "values.yaml")).toThrow(
      expect.objectContaining({ name: "Failure", message: expect.stringMatching(words) }),
    );
  });

  test("names of prototypes are names like any other, and change nobody's", () => {
    expect(() => parseValues("__proto__: {polluted: 1}\n", "v")).toThrow(/__proto__: found an unknown key/);
    const result = merged(
      { a: { b: 1 } },
      JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 1}}}') as Record<string, unknown>,
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test("nothing in it is read without its words: an empty file is no values", () => {
    expect(parseValues("", "v").tree).toEqual({});
    expect(parseValues("# nothing\n", "v").tree).toEqual({});
  });
});

test("merging again changes nothing, and leaves both sides as they were", () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.integer()));
  const { tree } = fc.letrec(tie => ({
    tree: fc.dictionary(fc.constantFrom("a", "b", "c", "podLabels"), fc.oneof({ maxDepth: 3 }, leaf, tie("tree"))),
  }));
  const trees = tree as fc.Arbitrary<Record<string, unknown>>;
  void fc.assert(
    fc.property(trees, trees, (below, above) => {
      const [before, over] = [JSON.stringify(below), JSON.stringify(above)];
      const once = merged(below, above);
      expect(merged(once, above)).toEqual(once);
      expect([JSON.stringify(below), JSON.stringify(above)]).toEqual([before, over]);
    }),
  );
});
