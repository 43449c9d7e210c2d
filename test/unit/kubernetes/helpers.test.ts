// The platform's own helpers in a cluster: confined, by digest, without a secret in their configuration, each way open on both of its sides.
import { describe, expect, test } from "vitest";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { foundationObjects } from "../../../src/components/kubernetes/foundation-objects";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { looksSecretByValue } from "../../../src/workload/plain-secrets";
import { foundationHome, systemHomes } from "./helper-homes";
import { containersOf, podSpecs } from "./samples";

const siem = { kind: "https", host: "siem.example.com", path: "/collector", ranges: ["198.51.100.0/24"] } as const;
const foundation = () => foundationObjects(foundationHome({ siem: { ...siem, ranges: [...siem.ranges] } }));
const whole = () => [...systemHomes().map(home => workloadObjects(home)), foundation()];
const allObjects = () => whole().flatMap(({ objects }) => objects);
const allSecrets = () => whole().flatMap(({ secrets }) => secrets);

describe("every pod but the one that reads on nodes", () => {
  const pods = podSpecs(allObjects()).filter(({ name }) => name !== "node-logs");

  test("there are some", () => expect(pods.length).toBeGreaterThan(15));

  test.each(pods)("$name fits the profile `restricted`, with a read-only root", ({ spec }) => {
    expect(at(spec, "securityContext")).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(at(spec, "automountServiceAccountToken")).toBe(false);
    for (const flag of ["hostNetwork", "hostPID", "hostIPC"]) expect(at(spec, flag)).toBeUndefined();
    expect(listAt(spec, "volumes").filter(volume => at(volume, "hostPath"))).toEqual([]);
    for (const container of containersOf(spec)) {
      expect(at(container, "securityContext")).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(at(container, "image")).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(at(container, "resources", "limits", "memory")).toBeDefined();
    }
  });
});

test("what reads on nodes is root without a capability, writes one directory and says why", () => {
  const set = foundation().objects.find(({ kind }) => kind === "DaemonSet");
  const spec = at(set, "spec", "template", "spec");
  const [container] = listAt(spec, "containers");
  expect(at(set, "metadata", "namespace")).toBe("palisade-prod-nodes");
  expect(at(set, "metadata", "annotations", "palisade.dev/why-privileged")).toMatch(/belong to root/);
  expect(at(container, "securityContext")).toMatchObject({
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  const onNode = listAt(spec, "volumes")
    .filter(volume => at(volume, "hostPath"))
    .map(volume => at(volume, "name"));
  const mounts = listAt(container, "volumeMounts").filter(mount => onNode.includes(at(mount, "name")));
  expect(mounts.map(mount => [at(mount, "mountPath"), at(mount, "readOnly") ?? false])).toEqual([
    ["/var/log/pods", true],
    ["/var/lib/palisade/collector", false],
  ]);
});

test("without it there is no namespace that admits such pods", () => {
  const { objects } = foundationObjects(foundationHome({ logs: { node: false } }));
  const levels = objects.flatMap(
    object => at(object, "metadata", "labels", "pod-security.kubernetes.io/enforce") ?? [],
  );
  expect(levels).toEqual(["restricted"]);
  expect(objects.map(({ kind }) => kind)).not.toContain("DaemonSet");
});

interface Opening {
  direction: "ingress" | "egress";
  namespace: string;
  labels: Record<string, string>;
  peerNamespace: string;
  peer: Record<string, string>;
  port: number;
}

/** Every way between pods that we make, of both sides' policies. */
function openings(objects: readonly KubernetesObject[]): Opening[] {
  return objects
    .filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name !== "default-deny")
    .flatMap(policy =>
      (["ingress", "egress"] as const).flatMap(direction =>
        listAt(policy, "spec", direction).flatMap(rule =>
          listAt(rule, direction === "ingress" ? "from" : "to").flatMap(peer => {
            const labels = at(peer, "podSelector", "matchLabels");
            if (labels === undefined) return [];
            const other = at(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name");
            return listAt(rule, "ports").map(port => ({
              direction,
              namespace: String(policy.metadata.namespace),
              labels: Object(at(policy, "spec", "podSelector", "matchLabels")),
              peerNamespace: String(other ?? policy.metadata.namespace),
              peer: Object(labels),
              port: Number(at(port, "port")),
            }));
          }),
        ),
      ),
    );
}

test("every way between our pods is open on both of its sides", () => {
  const all = openings(allObjects());
  const ours = new Set(all.map(({ namespace }) => namespace));
  const between = all.filter(({ peerNamespace }) => ours.has(peerNamespace));
  expect(between.length).toBeGreaterThan(15);
  const key = (from: unknown[], to: unknown[], port: number) => JSON.stringify([from, to, port]);
  const named = (way: Opening) => {
    const [self, peer] = [
      [way.namespace, way.labels],
      [way.peerNamespace, way.peer],
    ];
    return way.direction === "egress" ? key(self, peer, way.port) : key(peer, self, way.port);
  };
  const out = new Set(between.filter(way => way.direction === "egress").map(named));
  const into = new Set(between.filter(way => way.direction === "ingress").map(named));
  expect([...out].filter(way => !into.has(way))).toEqual([]);
  expect([...into].filter(way => !out.has(way))).toEqual([]);
});

test("no object holds what looks like a secret", () => {
  const values: string[] = [];
  const walk = (value: unknown) => {
    if (typeof value === "string") values.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  allObjects().forEach(walk);
  expect(values.filter(looksSecretByValue)).toEqual([]);
  expect(allObjects().filter(({ kind }) => kind === "Secret")).toEqual([]);
});

test("every Secret that a pod asks for is planned, and every key of it", () => {
  const planned = new Map(allSecrets().map(plan => [`${plan.namespace}/${plan.name}`, Object.keys(plan.keys)]));
  const missing: string[] = [];
  for (const object of allObjects())
    for (const { spec } of podSpecs([object])) {
      const namespace = String(object.metadata.namespace);
      const want = (name: unknown, key?: unknown) => {
        const keys = planned.get(`${namespace}/${String(name)}`);
        if (!keys || (key !== undefined && !keys.includes(String(key))))
          missing.push(`${namespace}/${name} ${key ?? ""}`);
      };
      for (const volume of listAt(spec, "volumes"))
        if (at(volume, "secret")) {
          want(at(volume, "secret", "secretName"));
          for (const item of listAt(volume, "secret", "items"))
            want(at(volume, "secret", "secretName"), at(item, "key"));
        }
      for (const container of containersOf(spec))
        for (const variable of listAt(container, "env")) {
          const from = at(variable, "valueFrom", "secretKeyRef");
          if (from) want(at(from, "name"), at(from, "key"));
        }
    }
  expect(missing).toEqual([]);
});

test("what the log sink trusts is of the platform's authority, and of nobody else's", () => {
  const names = allSecrets()
    .filter(({ certificate }) => certificate?.authority === "platform")
    .map(({ namespace, name }) => `${namespace}/${name}`);
  expect(names).toEqual([
    "iss-prod/tls-log-shipper",
    "palisade-prod/tls-log-sink",
    "palisade-prod-nodes/tls-node-logs",
  ]);
});
