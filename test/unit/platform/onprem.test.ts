// PF-1, PF-9: the example of an on-prem stack, applied straight to its cluster, against mocks that throw on what is not announced: what each system gets from its cluster.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { OnpremStackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { onprem } from "../../../src/platform/onprem";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { type Registered, record } from "../record";

const kinds = [
  "core/v1:ConfigMap",
  "core/v1:LimitRange",
  "core/v1:Namespace",
  "core/v1:PersistentVolumeClaim",
  "core/v1:ResourceQuota",
  "core/v1:Secret",
  "core/v1:Service",
  "core/v1:ServiceAccount",
  "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
  "apps/v1:DaemonSet",
  "apps/v1:Deployment",
  "apps/v1:StatefulSet",
  "batch/v1:CronJob",
  "batch/v1:Job",
  "autoscaling/v2:HorizontalPodAutoscaler",
  "coordination.k8s.io/v1:Lease",
  "networking.k8s.io/v1:Ingress",
  "networking.k8s.io/v1:NetworkPolicy",
  "policy/v1:PodDisruptionBudget",
  "rbac.authorization.k8s.io/v1:ClusterRole",
  "rbac.authorization.k8s.io/v1:ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1:Role",
  "rbac.authorization.k8s.io/v1:RoleBinding",
  "traefik.io/v1alpha1:Middleware",
  "traefik.io/v1alpha1:ServersTransport",
  "traefik.io/v1alpha1:TLSOption",
];
const expected = {
  types: [
    ...kinds.map(kind => `kubernetes:${kind}`),
    "pulumi:providers:kubernetes",
    "random:index/randomPassword:RandomPassword",
    "pulumi-nodejs:dynamic:Resource",
  ],
  outputs: {
    "random:index/randomPassword:RandomPassword": (_: unknown, name: string) => ({ result: `made-for-${name}` }),
    "pulumi-nodejs:dynamic:Resource": (_: unknown, name: string) => ({ certificate: `c-${name}`, key: `k-${name}` }),
  },
};

const secrets = {
  router: { TELEGRAM_BOT_TOKEN: "the-token-of-the-router", A2A_TOKEN: "the-token-of-a2a" },
  "content-pipeline": { TELEGRAM_BOT_TOKEN: "the-token-of-the-bot", GEMINI_API_KEY: "the-key-of-the-model" },
};

const directory = mkdtempSync(join(tmpdir(), "palisade-onprem-"));
const kubeconfig = join(directory, "kubeconfig");
afterAll(() => rmSync(directory, { recursive: true }));

function config(changes: Partial<Record<string, unknown>> = {}): OnpremStackConfig {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.onprem.yaml"));
  const parsed = parseConfig(new Map([...raw, ["palisade:delivery", "cluster"]]), {
    catalog,
    stack: "onprem",
    preview: true,
    kubeconfig,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return { ...parsed.config, secrets, ...changes } as unknown as OnpremStackConfig;
}

let all: Registered[];
beforeAll(async () => {
  writeFileSync(kubeconfig, "");
  all = await record(expected, () => onprem(config(), catalog));
  // Loading the SDK, and writing out the provider of certificates, take a while on a busy machine.
}, 60_000);

const ofKind = (kind: string) => all.filter(r => r.type === `kubernetes:${kind}`);
const metadataOf = ({ inputs }: Registered) => inputs.metadata as { name: string; namespace?: string };
const workloads = [...catalog.keys()];

test("each system has a namespace of its own, and the platform has its", () => {
  expect(
    ofKind("core/v1:Namespace")
      .map(r => metadataOf(r).name)
      .sort(),
  ).toEqual(["palisade-prod", "palisade-prod-nodes", ...workloads.map(name => `${name}-prod`)].sort());
});

test("no two resources of a kind share a name, which the engine would refuse", () => {
  const names = all.map(r => `${r.type} ${r.name}`);
  expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
});

test("every object of a namespace is in one that the stack makes, under the stack's one provider", () => {
  const namespaces = ofKind("core/v1:Namespace").map(r => metadataOf(r).name);
  for (const registered of all.filter(r => r.type.startsWith("kubernetes:"))) {
    const { namespace } = metadataOf(registered);
    if (namespace !== undefined) expect(namespaces).toContain(namespace);
    expect(registered.provider).toMatch(/^urn:pulumi:.*::pulumi:providers:kubernetes::cluster::/);
  }
});

describe("one of each service of each system, and nothing besides", () => {
  test.each(workloads)("%s", name => {
    const names = [...ofKind("apps/v1:Deployment"), ...ofKind("apps/v1:StatefulSet")]
      .filter(r => metadataOf(r).namespace === `${name}-prod`)
      .map(r => metadataOf(r).name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(catalog.get(name)?.services ?? {})));
    expect(new Set(names).size).toBe(names.length);
  });
});

test("images are by digest, from the registry of the cluster (RT-1)", () => {
  const images = JSON.stringify(all).match(/"image":"[^"]*"/g) ?? [];
  expect(images.length).toBeGreaterThan(10);
  for (const image of images)
    expect(image).toMatch(/^"image":"registry\.example\.com\/[a-z0-9/-]+@sha256:[0-9a-f]{64}"$/);
});

test("secrets are in Secrets, marked, and nowhere else (PF-7)", () => {
  const elsewhere = JSON.stringify(all.filter(r => r.type !== "kubernetes:core/v1:Secret"));
  for (const value of Object.values(secrets).flatMap(each => Object.values(each))) {
    expect(elsewhere).not.toContain(value);
    expect(JSON.stringify(ofKind("core/v1:Secret"))).toContain(Buffer.from(value).toString("base64"));
  }
});

/** A change here is a change of what a customer gets: look at it, then write the new figure. */
test("so many objects of each kind", () => {
  const counts = Object.fromEntries(kinds.map(kind => [kind, ofKind(kind).length]).filter(([, count]) => count !== 0));
  expect(counts).toMatchInlineSnapshot(`
    {
      "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": 2,
      "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": 2,
      "apps/v1:DaemonSet": 1,
      "apps/v1:Deployment": 15,
      "apps/v1:StatefulSet": 7,
      "autoscaling/v2:HorizontalPodAutoscaler": 4,
      "batch/v1:Job": 1,
      "coordination.k8s.io/v1:Lease": 1,
      "core/v1:ConfigMap": 19,
      "core/v1:LimitRange": 5,
      "core/v1:Namespace": 7,
      "core/v1:PersistentVolumeClaim": 3,
      "core/v1:ResourceQuota": 5,
      "core/v1:Secret": 38,
      "core/v1:Service": 13,
      "core/v1:ServiceAccount": 25,
      "networking.k8s.io/v1:Ingress": 3,
      "networking.k8s.io/v1:NetworkPolicy": 31,
      "policy/v1:PodDisruptionBudget": 21,
      "rbac.authorization.k8s.io/v1:ClusterRoleBinding": 1,
      "rbac.authorization.k8s.io/v1:Role": 8,
      "rbac.authorization.k8s.io/v1:RoleBinding": 8,
      "traefik.io/v1alpha1:Middleware": 4,
      "traefik.io/v1alpha1:ServersTransport": 3,
      "traefik.io/v1alpha1:TLSOption": 3,
    }
  `);
});

describe("refused before anything is registered", () => {
  const refused = async (changes: Record<string, unknown>) => {
    const seen: Registered[] = [];
    const attempt = record(expected, () => onprem(config(changes), catalog)).then(registered =>
      seen.push(...registered),
    );
    return attempt.then(
      () => "",
      (error: Error) => error.message,
    );
  };

  test("a supplied secret that is missing, each with the command that sets it", async () => {
    const message = await refused({ secrets: { router: { A2A_TOKEN: "x" } } });
    expect(message).toMatch(/^Nothing was registered: 3 secrets are missing/);
    expect(message).toContain("pulumi config set --secret --path 'palisade:secrets.router.TELEGRAM_BOT_TOKEN'");
    expect(message).not.toContain("A2A_TOKEN");
  });

  test("a kubeconfig that is not there", async () => {
    const { cluster } = config();
    expect(await refused({ cluster: { ...cluster, kubeconfig: join(directory, "none") } })).toMatch(
      /^Nothing was registered: the kubeconfig .*none cannot be read/,
    );
  });
});
