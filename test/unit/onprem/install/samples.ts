// Tests: small releases, and what the installer needs around them.
import type { KubernetesObject } from "../../../../src/components/kubernetes/object";
import { apply, get } from "../../../../src/kubernetes/objects";
import type { Environment } from "../../../../src/onprem/install/environment";
import { thisProcess } from "../../../../src/onprem/install/holder";
import type { Parts, Target } from "../../../../src/onprem/install/parts";
import type { Report } from "../../../../src/onprem/install/report";
import { secretPlace } from "../../../../src/onprem/secrets/place";
import type { Line } from "./fake-cluster";

export const platform = "palisade-test";
export const place = "shop-test";

const labels = { "app.kubernetes.io/managed-by": "palisade" };

export const namespace = (name: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

export function configMap(name: string, value: string): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: place, labels }, data: { value } };
}

export function deployment(name: string, image: string, variables: Record<string, string> = {}): KubernetesObject {
  const env = Object.entries(variables).map(([key, value]) => ({ name: key, value }));
  const own = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: place, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: own },
      template: {
        metadata: { labels: own },
        spec: { containers: [{ name, image, env, envFrom: [{ secretRef: { name: "keys" } }] }] },
      },
    },
  };
}

export function target(version: string, objects: readonly KubernetesObject[], change: Partial<Target> = {}): Target {
  return {
    ...{ stack: "shop", environment: "test", version, buildSha: version.padEnd(40, "0").replaceAll(".", "a") },
    ...{ indexDigest: `sha256:${"0".repeat(64)}`, registry: "registry.test", values: "", platformNamespace: platform },
    objects: [namespace(platform), namespace(place), ...objects],
    secrets: [{ name: "keys", namespace: place, labels, keys: { key: { kind: "generated", length: 8 } } }],
    given: {},
    endpoints: [
      {
        workload: "shop",
        namespace: place,
        service: "web",
        exposure: "public",
        port: 8080,
        scheme: "http",
        path: "/healthz",
        timeoutSeconds: 1,
      },
    ],
    ...change,
  };
}

/** Parts that need no registry and no bundle. */
export const parts: Parts = {
  preflight: async () => "looked",
  images: async () => "there",
  secrets: async ({ api, discovery }, { secrets }) => {
    const cluster = { api, discovery };
    for (const { namespace: at, name } of secrets) {
      const here = secretPlace(at, name);
      if (await get(cluster, here)) continue;
      const object = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: at, labels },
        data: { key: "YWJj" },
      };
      await apply(cluster, here, object, { manager: "palisade", dryRun: false, force: true });
    }
    return `${secrets.length} Secrets`;
  },
};

export interface Told extends Report {
  lines: string[];
}

export function told(): Told {
  const lines: string[] = [];
  return {
    lines,
    plan: plan => lines.push(plan.title, ...plan.steps.map(({ id }) => `plan ${id}`)),
    begins: id => lines.push(`begins ${id}`),
    done: id => lines.push(`done ${id}`),
    failed: (id, why) => lines.push(`failed ${id}: ${why}`),
    progress: () => undefined,
    say: text => lines.push(text),
    ask: text => lines.push(text),
    close: () => undefined,
  };
}

export function environment({ cluster }: Line, change: Partial<Environment> = {}): Environment {
  return {
    cluster,
    report: told(),
    parts,
    cancelled: new AbortController().signal,
    dryRun: false,
    agree: async () => true,
    confirm: async () => true,
    timeoutS: 1,
    keep: 5,
    grantCommand: "palisade grant BUNDLE --key KEY | kubectl apply -f -",
    holder: thisProcess(),
    // Renewals would make the number of requests differ from run to run.
    leaseTimes: { duration: 10_000, renewal: 1_000 },
    ...change,
  };
}
