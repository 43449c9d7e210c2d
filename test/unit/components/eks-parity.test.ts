// Unit tests: the objects of a workload in EKS are those of a customer's cluster, but for what is named here (PF-1).
import { describe, expect, test } from "vitest";
import { iss } from "../../../src/catalog/iss";
import { router } from "../../../src/catalog/router";
import { sanctum } from "../../../src/catalog/sanctum";
import { eksHome } from "../../../src/components/aws/eks-home";
import { eksPodParts } from "../../../src/components/aws/eks-pod-parts";
import type { ClusterHome } from "../../../src/components/kubernetes/cluster-home";
import { type KubernetesObject, describe as named } from "../../../src/components/kubernetes/object";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { applyOverrides } from "../../../src/config/overrides";
import type { Workload } from "../../../src/workload/workload";
import { digest } from "./samples";

/** As a stack runs it: with the one host besides Telegram. */
const poller = { environment: { A2A_BASE_URL: "https://a2a.example.com" } };
const calling = applyOverrides(router, { services: { poller } });

const common = {
  environment: "dev",
  buildSha: "0".repeat(40),
  hostName: "service.example.com",
  frontendOrigin: "https://app.example.com",
  retention: { logDays: 7, complianceDays: 7 },
  tracing: { samplePercent: 25 },
};
const helperNames = ["egress-proxy", "collector", "workload-guard", "postgres", "object-store", "queue", "tls-front"];
const helpers = Object.fromEntries(helperNames.map(name => [name, `registry/${name}@${digest}`]));
const imagesOf = ({ services }: Workload) =>
  Object.fromEntries(Object.entries(services).map(([name, s]) => [name, `registry/${s.image.repository}@${digest}`]));

function customers(workload: Workload): KubernetesObject[] {
  const home: ClusterHome = {
    ...common,
    workload,
    namespace: `${workload.name}-dev`,
    images: imagesOf(workload),
    helpers,
    storageClasses: { replica: "block", replicas: "files" },
    dns: { namespace: "kube-system", podLabels: { "k8s-app": "kube-dns" } },
    clusterRanges: ["10.0.0.0/16", "172.20.0.0/16"],
    apiServer: { ranges: ["10.0.16.0/20", "172.20.0.1/32"], port: 443 },
    external: {},
    tenants: [],
    approvers: { users: [], groups: [] },
  };
  return workloadObjects(home).objects;
}

function eks(workload: Workload): KubernetesObject[] {
  const ranges = { public: ["10.0.0.0/24"], private: ["10.0.16.0/20"], data: ["10.0.4.0/24"] };
  const home = eksHome({
    ...common,
    workload,
    region: "eu-central-1",
    images: imagesOf(workload),
    helpers,
    ranges: { vpc: "10.0.0.0/16", private: ranges.private, services: "172.20.0.0/16" },
  });
  const partsFor = (name: string) => {
    const service = workload.services[name];
    if (!service) return {};
    const { postgres, vectors } = workload.state;
    const databases = [postgres, vectors].some(store => store?.clients.includes(name));
    return eksPodParts({ service, environment: {}, ranges, databases, buckets: false, directories: [] });
  };
  return workloadObjects(home, [{ partsFor }]).objects;
}

const names = (objects: readonly KubernetesObject[]) => objects.map(named).sort();

describe.each([
  ["router", calling, /^$/],
  // Bundled databases, and the authority of none.
  ["sanctum", sanctum, /\/(postgres|vectors)\b/],
  // Files and who follows them are EFS's and Fargate's.
  ["iss", iss, /(log-shipper(-config)?|memory-matrix|forensic-logs|spice-layer|vaults)$/],
])("%s", (_, workload, managed) => {
  test("EKS has no object that a customer's cluster has not", () => {
    const there = new Set(names(customers(workload)));
    expect(names(eks(workload)).filter(name => !there.has(name))).toEqual([]);
  });

  test("it lacks just those of what stays AWS's own", () => {
    const here = new Set(names(eks(workload)));
    const lacking = names(customers(workload)).filter(name => !here.has(name));
    expect(lacking.filter(name => !managed.test(name))).toEqual([]);
  });

  test("what both have is the same, but for ways, variables, volumes of stores, and the sums of them", () => {
    const there = new Map(customers(workload).map(object => [named(object), object]));
    const differing = eks(workload)
      .filter(object => JSON.stringify(plain(object)) !== JSON.stringify(plain(there.get(named(object)))))
      .map(named);
    expect(differing).toEqual([]);
  });
});

/**
 * Without what is named: policies' ways, the quota's sums, and in pods variables, volumes and mounts. Pods that call nobody
 * at a customer's resolve no names there; in EKS each calls AWS.
 */
function plain(object: KubernetesObject | undefined): unknown {
  if (!object) return undefined;
  if (object.kind === "NetworkPolicy" || object.kind === "ResourceQuota") return object.metadata.name;
  return JSON.parse(JSON.stringify(object), (key, value) => {
    if (["env", "volumes", "volumeMounts", "fsGroup", "fsGroupChangePolicy", "dnsPolicy", "dnsConfig"].includes(key))
      return undefined;
    if (/^palisade\.dev\/(config-sha256|from|to)$/.test(key)) return undefined;
    return value;
  });
}
