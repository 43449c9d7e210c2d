// IS-8, IS-11, PF-3, RT-27: what is wrong with a cluster is found before anything is changed, with what mends it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { judgeVersion } from "../../../src/onprem/preflight/api-version";
import { judgeClock } from "../../../src/onprem/preflight/clock";
import { judgeDisk } from "../../../src/onprem/preflight/disk";
import { failed, findingsTable, ok, warning } from "../../../src/onprem/preflight/finding";
import { type Node, nodeOf } from "../../../src/onprem/preflight/nodes";
import { podDemands, podRequests } from "../../../src/onprem/preflight/pods";
import { judgeNetwork } from "../../../src/onprem/preflight/policy";
import { judgePorts } from "../../../src/onprem/preflight/ports";
import { requirePassed } from "../../../src/onprem/preflight/preflight";
import { bytesText, quantityOf } from "../../../src/onprem/preflight/quantity";
import { judgeQuotas } from "../../../src/onprem/preflight/quota";
import { judgeRegistry } from "../../../src/onprem/preflight/registry";
import { judgeResources } from "../../../src/onprem/preflight/resources";
import { judgeClass } from "../../../src/onprem/preflight/storage";
import { exampleRelease } from "./release";

const GiB = 2 ** 30;
const levels = (findings: readonly { level: string }[]) => findings.map(({ level }) => level);

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["1.5Gi", 1.5 * GiB],
  ["100M", 1e8],
  ["1e3", 1000],
  ["12E", 12e18],
  ["128974848", 128974848],
  [4, 4],
  ["0.1", 0.1],
])("quantity %s is %d", (text, number) => expect(quantityOf(text)).toBeCloseTo(number));
test.each(["", "Gi", "1 Gi", "1Zi", "--1", "constructor", "1toString"])("quantity `%s` is none", text =>
  expect(quantityOf(text)).toBeUndefined(),
);
test("bytes are told as people say them", () =>
  expect([0, 1023, 2048, 1.5 * GiB].map(bytesText)).toEqual(["0 B", "1023 B", "2 KiB", "1.5 GiB"]));

test.each([
  ["v1.34.1", "1.30", "ok"],
  ["v1.30.0-eks-1", "1.30", "ok"],
  ["v1.29.9", "1.30", "failed"],
  ["v1.9.0", "1.30", "failed"],
  ["v2.0.0", "1.30", "ok"],
  ["", "1.30", "failed"],
])("server %s against %s: %s", (gitVersion, minimum, level) =>
  expect(judgeVersion({ gitVersion }, minimum).level).toBe(level),
);

const open = (name: string, memory: number, cpu = 8, ephemeral = 100 * GiB): Node => {
  const room = { cpu, memory, ephemeral };
  return { name, architecture: "amd64", allocatable: room, free: room, isOpen: true, troubles: [] };
};
const deployment = (memory: string, replicas: number, name = "web"): KubernetesObject => ({
  ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "a" } },
  spec: { replicas, template: { spec: { containers: [{ resources: { requests: { cpu: "100m", memory } } }] } } },
});

describe("room on the nodes", () => {
  test("is enough, or too little together, or nowhere in one piece", () => {
    expect(levels(judgeResources([deployment("1Gi", 4)], [open("a", 2 * GiB), open("b", 2 * GiB)]))).toEqual([
      "ok",
      "ok",
    ]);
    expect(judgeResources([deployment("1Gi", 5)], [open("a", 4 * GiB)])[0]).toMatchObject({
      level: "failed",
      id: "node-resources",
    });
    const pieces = judgeResources([deployment("3Gi", 1)], [open("a", 2 * GiB), open("b", 2 * GiB)]);
    expect(pieces.map(({ id, level }) => [id, level])).toEqual([
      ["node-resources", "ok"],
      ["largest-pod", "failed"],
    ]);
  });
  test("of closed nodes does not count, and unseen nodes are said", () => {
    expect(levels(judgeResources([], [{ ...open("a", 9 * GiB), isOpen: false }]))).toEqual(["failed"]);
    expect(levels(judgeResources([deployment("1Gi", 1)], undefined))).toEqual(["warning"]);
  });
  test("is counted as a scheduler counts", () => {
    const init = { resources: { requests: { memory: "3Gi" } } };
    const sidecar = { restartPolicy: "Always", resources: { requests: { memory: "1Gi" } } };
    const main = { resources: { requests: { memory: "1Gi" } } };
    expect(podRequests({ initContainers: [init], containers: [main] }).memory).toBe(3 * GiB);
    expect(podRequests({ initContainers: [sidecar, init], containers: [main, main] }).memory).toBe(4 * GiB);
    const scaler = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "x", namespace: "a" },
      spec: { minReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "web" } },
    };
    expect(podDemands([deployment("1Gi", 1), scaler])[0]?.count).toBe(3);
  });
  test("of pods that ended is free again", () => {
    const node = {
      metadata: { name: "n" },
      status: { allocatable: { cpu: "4", memory: "8Gi" }, conditions: [{ type: "Ready", status: "True" }] },
    };
    const pod = (phase: string) => ({
      spec: { nodeName: "n", containers: [{ resources: { requests: { memory: "1Gi" } } }] },
      status: { phase },
    });
    expect(nodeOf(node, [pod("Running"), pod("Succeeded")]).free?.memory).toBe(7 * GiB);
    expect(nodeOf({ ...node, spec: { taints: [{ effect: "NoSchedule" }] } }, [])).toMatchObject({ isOpen: false });
  });
  test("never shrinks when a node is added", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 20 }),
        (sizes, replicas) => {
          const nodes = sizes.map((size, i) => open(String(i), size * GiB));
          const before = judgeResources([deployment("1Gi", replicas)], nodes);
          const after = judgeResources([deployment("1Gi", replicas)], [...nodes, open("more", 4 * GiB)]);
          for (const [i, { level }] of before.entries()) if (level === "ok") expect(after[i]?.level).toBe("ok");
        },
      ),
    );
  });
  test("for ISS is 2 GiB of memory and 10 GiB of storage at least", () => {
    const labels = { "app.kubernetes.io/part-of": "iss" };
    const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a", labels } };
    const claim = (storage: string) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "c", namespace: "a" },
      spec: { resources: { requests: { storage } } },
    });
    const of = (memory: string, storage: string) =>
      judgeResources([space, deployment(memory, 1), claim(storage)], [open("n", 16 * GiB)]).filter(({ id }) =>
        id.startsWith("iss"),
      );
    expect(levels(of("2Gi", "10Gi"))).toEqual(["ok", "ok"]);
    expect(levels(of("1Gi", "9Gi"))).toEqual(["failed", "failed"]);
    expect(levels(judgeResources(exampleRelease().objects, [open("n", 1000 * GiB, 500)]))).toEqual([
      "ok",
      "ok",
      "ok",
      "ok",
    ]);
  });
});

describe("disk for images", () => {
  const nodes = [open("a", GiB), open("b", GiB)];
  const of = (available: number) => new Map(nodes.map(({ name }) => [name, { available, capacity: 100 * GiB }]));
  test("is what the kubelet keeps free of, three times the packed size", () => {
    expect(levels(judgeDisk({ size: 10 * GiB }, nodes, of(46 * GiB)))).toEqual(["ok"]);
    expect(levels(judgeDisk({ size: 10 * GiB }, nodes, of(44 * GiB)))).toEqual(["failed", "failed"]);
  });
  test("is more where the kubelet is told never to remove images", () => {
    const never = new Map(
      nodes.map(({ name }) => [name, { available: 31 * GiB, capacity: 100 * GiB, threshold: 100 }]),
    );
    expect(levels(judgeDisk({ size: 10 * GiB }, nodes, never))).toEqual(["ok"]);
    expect(levels(judgeDisk({ size: 11 * GiB }, nodes, never))).toEqual(["failed", "failed"]);
  });
  test("too small for all images but not for the largest is a warning", () => {
    expect(levels(judgeDisk({ size: 10 * GiB, largest: 2 * GiB }, nodes, of(44 * GiB)))).toEqual([
      "warning",
      "warning",
    ]);
    expect(levels(judgeDisk({ size: 10 * GiB, largest: 10 * GiB }, nodes, of(44 * GiB)))).toEqual(["failed", "failed"]);
  });
  test("is judged by what the node gives to pods where the kubelet may not be asked", () => {
    expect(levels(judgeDisk({ size: 10 * GiB }, nodes, undefined))).toEqual(["warning", "warning"]);
    expect(levels(judgeDisk({ size: 90 * GiB }, nodes, undefined))).toEqual(["failed", "failed"]);
    expect(levels(judgeDisk({ size: GiB }, [{ ...open("a", GiB), troubles: ["DiskPressure"] }], of(90 * GiB)))).toEqual(
      ["failed"],
    );
  });
});

test.each([
  ["none", undefined, true, "failed"],
  ["shared storage", { provisioner: "nfs.csi.k8s.io" }, true, "ok"],
  ["local storage for what is shared", { provisioner: "rancher.io/local-path" }, true, "failed"],
  ["ceph's blocks for what is shared", { provisioner: "rook-ceph.rbd.csi.ceph.com" }, true, "failed"],
  ["local storage", { provisioner: "rancher.io/local-path" }, false, "ok"],
  ["hidden", "forbidden" as const, true, "warning"],
] as const)("a storage class that is %s", (_, live, isShared, level) =>
  expect(judgeClass("x", live, isShared, GiB).level).toBe(level),
);

describe("clocks", () => {
  const at = Date.parse("2030-01-01T00:00:00Z");
  const validity = { from: new Date(at - 1e9), until: new Date(at + 100 * 86_400_000) };
  test.each([
    [0, "ok"],
    [20_000, "ok"],
    [-60_000, "warning"],
    [60_000, "warning"],
    [300_000, "failed"],
    [-300_000, "failed"],
  ])("apart by %d ms: %s", (apart, level) =>
    expect(judgeClock({ before: at, after: at + 500, server: at + apart, validity })[0]?.level).toBe(level),
  );
  test("a certificate that ends soon, or begins only later", () => {
    const of = (from: number, until: number) =>
      judgeClock({
        before: at,
        after: at,
        server: at,
        validity: { from: new Date(at + from), until: new Date(at + until) },
      })[1]?.level;
    expect([of(-1, 86_400_000), of(1_000, 1e12), of(-1, 1e12)]).toEqual(["warning", "failed", "ok"]);
  });
});

test("every refusal of a registry has a command", () => {
  for (const reason of ["authentication", "permission", "read-only", "tls", "unreachable", "other"] as const) {
    const finding = judgeRegistry("registry.example.com:5000/a", { kind: "refused", reason, detail: "said no" });
    expect(finding.level).toBe("failed");
    expect(finding.fix).toMatch(/registry\.example\.com:5000/);
  }
  expect(judgeRegistry("r", { kind: "writable" }).level).toBe("ok");
  const gone = { kind: "refused", reason: "unreachable", detail: "gone" } as const;
  expect(judgeRegistry("r:5000/a", gone).fix).toContain("curl -v https://r:5000/v2/");
  expect(judgeRegistry("r:5000/a", gone, "http://r:5000").fix).toContain("curl -v http://r:5000/v2/");
});

test("network policies are enforced by what runs, not by what is left over", () => {
  const cilium = [{ metadata: { name: "cilium" } }];
  expect(judgeNetwork([], cilium, []).level).toBe("ok");
  expect(judgeNetwork(["cilium.io"], undefined, []).level).toBe("ok");
  expect(judgeNetwork(["cilium.io"], [], []).level).toBe("warning");
  const unknown = judgeNetwork([], [{ metadata: { name: "kindnet" } }], exampleRelease().objects);
  expect(unknown.level).toBe("warning");
  // Commands have lines of their own, to be copied.
  expect(unknown.fix).toMatch(/^kubectl exec -n sanctum-prod postgres-0 -c postgres -- pg_isready -h 127\.0\.0\.1$/m);
  expect(unknown.fix).toMatch(
    /^kubectl run try-policy .*--image=registry\.example\.com\/palisade\/postgres@sha256:.* pg_isready -h postgres\.sanctum-prod\.svc -t 5$/m,
  );
});

describe("quotas that others set", () => {
  const quota = (hard: Record<string, string>, more: object = {}, name = "theirs") => ({
    metadata: { name, namespace: "a" },
    spec: { hard, ...more },
  });
  const web = deployment("1Gi", 3);
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "c", namespace: "a" },
    spec: { resources: { requests: { storage: "10Gi" } } },
  };
  test.each([
    [{ pods: "3", "requests.memory": "3Gi", "requests.cpu": "300m", "requests.storage": "10Gi" }, []],
    [{ pods: "2" }, ["pods 2 of 3"]],
    [{ memory: "2Gi", cpu: "0.2" }, ["cpu 0.2 cores of 0.3 cores", "memory 2 GiB of 3 GiB"]],
    [{ "requests.storage": "9Gi", persistentvolumeclaims: "1" }, ["requests.storage 9 GiB of 10 GiB"]],
    [{ "requests.nvidia.com/gpu": "0", constructor: "0", pods: "plenty" }, []],
  ])("of %o lack %o", (hard, lacks) => {
    const [found, ...more] = judgeQuotas([web, claim], [quota(hard)]);
    expect(more).toEqual([]);
    expect(found?.level).toBe(lacks.length > 0 ? "failed" : "ok");
    for (const text of lacks) expect(found?.found).toContain(text);
    if (lacks.length > 0) expect(found?.fix).toContain("kubectl edit resourcequota theirs -n a");
  });
  test("are not the release's own, nor those for some pods only, nor those of other namespaces", () => {
    const own = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "theirs", namespace: "a" } };
    const none = quota({ pods: "0" });
    expect(levels(judgeQuotas([web, own], [none]))).toEqual(["ok"]);
    expect(levels(judgeQuotas([web], [quota({ pods: "0" }, { scopes: ["BestEffort"] })]))).toEqual(["ok"]);
    expect(levels(judgeQuotas([web], [quota({ pods: "0" }, { scopeSelector: {} })]))).toEqual(["ok"]);
    expect(levels(judgeQuotas([web], [{ ...none, metadata: { name: "theirs", namespace: "b" } }]))).toEqual(["ok"]);
  });
  test("that bound a CPU which nothing names refuse every pod, unless a LimitRange names it", () => {
    const found = judgeQuotas([web], [quota({ "limits.cpu": "100" })]);
    expect(levels(found)).toEqual(["warning"]);
    expect(found[0]?.fix).toMatch(/kubectl edit resourcequota theirs -n a\n.*kubectl get limitrange -n a/);
  });
  test("have room for the release wherever its own have", () => {
    const { objects } = exampleRelease();
    const own = objects.filter(({ kind }) => kind === "ResourceQuota");
    const live = own.map(({ metadata, spec }) => {
      const { namespace = "" } = metadata;
      return { metadata: { name: "theirs", namespace }, spec: JSON.parse(JSON.stringify(spec)) };
    });
    expect(own.length).toBeGreaterThan(3);
    expect(judgeQuotas(objects, live)).toMatchObject([
      { level: "ok", found: `${own.length} quotas that others set have room` },
    ]);
  });
});

test("a port in use is named with who has it", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s", namespace: "a" },
    spec: { ports: [{ port: 80, nodePort: 30080 }] },
  };
  const other = { metadata: { name: "o", namespace: "b" }, spec: { ports: [{ nodePort: 30080 }] } };
  expect(judgePorts([service], [other], [])[0]).toMatchObject({
    level: "failed",
    found: expect.stringContaining("port in use: 30080/TCP"),
  });
  expect(judgePorts([service], [{ ...other, metadata: { name: "s", namespace: "a" } }], [])[0]?.level).toBe("ok");
  expect(judgePorts([service], undefined, [])[0]?.level).toBe("warning");
  expect(judgePorts(exampleRelease().objects, undefined, undefined)[0]?.level).toBe("ok");
});

test("all findings are shown at once, the worst last", () => {
  const findings = [
    failed("b", "bad\u001b[31m", "good", "Mend it: do"),
    ok("a", "fine"),
    warning("c", "so so", "", "See: look"),
  ];
  expect(findingsTable(findings).trimEnd().split("\n")).toEqual([
    "  ✓ a  fine",
    "  ! c  so so",
    "     → See: look",
    "  ✗ b  bad [31m; needed: good",
    "     → Mend it: do",
  ]);
  expect(() => requirePassed(findings)).toThrow(/1 of 3 checks failed; nothing was changed/);
  expect(requirePassed(findings.slice(1))).toBe("2 checks, 1 of them with a warning");
});
