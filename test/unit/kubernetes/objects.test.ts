// What holds of the objects of any workload, whatever its shape: confinement, bounds, and the ways between its parts.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { type KubernetesObject, describe as nameOf } from "../../../src/components/kubernetes/object";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { hopsOf } from "../../../src/workload/hops";
import type { Workload } from "../../../src/workload/workload";
import { containersOf, homeOf, podSpecs, systems } from "./samples";
import { workloads } from "./workloads";

const settings = { numRuns: 80 };
// Hundreds of workloads, on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 });

/** Holds for the five systems, and for workloads made at random. */
function always(holds: (objects: KubernetesObject[], workload: Workload) => void): void {
  for (const workload of systems()) holds(workloadObjects(homeOf(workload)).objects, workload);
  fc.assert(
    fc.property(workloads, workload => holds(workloadObjects(homeOf(workload)).objects, workload)),
    settings,
  );
}

describe("every pod", () => {
  test("runs as somebody who is not root, with a system call filter and no token of its own", () => {
    always(objects => {
      for (const { name, spec } of podSpecs(objects)) {
        const context = at(spec, "securityContext");
        expect(context, name).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
        expect(Number(at(context, "runAsUser")), name).toBeGreaterThan(0);
        expect(Number(at(context, "runAsGroup")), name).toBeGreaterThan(0);
        expect(at(spec, "automountServiceAccountToken"), name).toBe(false);
        expect(at(spec, "enableServiceLinks"), name).toBe(false);
        for (const field of ["hostNetwork", "hostPID", "hostIPC"]) expect(at(spec, field), name).toBeUndefined();
      }
    });
  });

  test("holds a token only where a Role gives its account rules, and then a short one", () => {
    always(objects => {
      const bound = objects.filter(({ kind }) => kind === "RoleBinding").map(({ metadata }) => metadata.name);
      for (const { name, spec } of podSpecs(objects)) {
        const tokens = listAt(spec, "volumes")
          .flatMap(volume => listAt(volume, "projected", "sources"))
          .flatMap(source => at(source, "serviceAccountToken") ?? []);
        expect(tokens.length, name).toBe(bound.includes(String(at(spec, "serviceAccountName"))) ? 1 : 0);
        for (const token of tokens) expect(Number(at(token, "expirationSeconds"))).toBeLessThanOrEqual(3600);
      }
    });
  });

  test("has its own account, and its account is there", () => {
    always(objects => {
      const accounts = objects.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name);
      for (const { name, spec } of podSpecs(objects)) expect(accounts, name).toContain(at(spec, "serviceAccountName"));
    });
  });

  test("has no volume of the node's", () => {
    always(objects => {
      for (const { name, spec } of podSpecs(objects))
        for (const volume of listAt(spec, "volumes")) expect(at(volume, "hostPath"), name).toBeUndefined();
    });
  });

  test("ends only after the process has had its own time", () => {
    always((objects, { services }) => {
      for (const { name, spec } of podSpecs(objects)) {
        const own = services[name]?.lifecycle.stopTimeoutSeconds;
        if (own === undefined) continue;
        const hooks = containersOf(spec).map(container =>
          Number(at(container, "lifecycle", "preStop", "sleep", "seconds") ?? 0),
        );
        expect(Number(at(spec, "terminationGracePeriodSeconds"))).toBe(own + Math.max(...hooks));
      }
    });
  });
});

describe("every container", () => {
  test("has no capability, no way to more, and a root file system it cannot write", () => {
    always(objects => {
      for (const container of podSpecs(objects).flatMap(({ spec }) => containersOf(spec)))
        expect(at(container, "securityContext")).toMatchObject({
          allowPrivilegeEscalation: false,
          privileged: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
    });
  });

  test("is an image by digest (RT-1)", () => {
    always(objects => {
      for (const container of podSpecs(objects).flatMap(({ spec }) => containersOf(spec)))
        expect(at(container, "image")).toMatch(/^[^@\s]+@sha256:[0-9a-f]{64}$/);
    });
  });

  test("asks for CPU and memory, and may take no more memory than it asks for (IS-8)", () => {
    always(objects => {
      for (const container of podSpecs(objects).flatMap(({ spec }) => containersOf(spec))) {
        const resources = at(container, "resources");
        expect(at(resources, "requests", "cpu")).toBeTruthy();
        expect(at(resources, "requests", "memory")).toBeTruthy();
        expect(at(resources, "limits", "memory")).toBe(at(resources, "requests", "memory"));
      }
    });
  });

  test("mounts what its pod has, each place once", () => {
    always(objects => {
      for (const object of objects) {
        const spec = at(object, "spec", "template", "spec");
        if (spec === undefined) continue;
        const volumes = [
          ...listAt(spec, "volumes").map(volume => at(volume, "name")),
          ...listAt(object, "spec", "volumeClaimTemplates").map(claim => at(claim, "metadata", "name")),
        ];
        expect(new Set(volumes).size, nameOf(object)).toBe(volumes.length);
        for (const container of containersOf(spec)) {
          const mounts = listAt(container, "volumeMounts");
          for (const mount of mounts) expect(volumes, nameOf(object)).toContain(at(mount, "name"));
          const paths = mounts.map(mount => at(mount, "mountPath"));
          expect(new Set(paths).size, nameOf(object)).toBe(paths.length);
        }
      }
    });
  });
});

describe("the network", () => {
  /** `from > to:port` for each way between services, the edge and stores, as one side's policies have it. */
  function ways(objects: KubernetesObject[], side: "ingress" | "egress", known: readonly string[]): string[] {
    const found = objects
      .filter(({ kind, metadata }) => kind === "NetworkPolicy" && known.includes(metadata.name))
      .flatMap(policy =>
        listAt(policy, "spec", side).flatMap(rule =>
          listAt(rule, side === "ingress" ? "from" : "to").flatMap(peer => {
            const foreign = at(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name");
            const label = at(peer, "podSelector", "matchLabels", "app.kubernetes.io/name");
            const other = foreign === "ingress" ? "edge" : foreign === undefined ? String(label) : undefined;
            if (other === undefined || !(known.includes(other) || other === "edge")) return [];
            const [from, to] = side === "ingress" ? [other, policy.metadata.name] : [policy.metadata.name, other];
            return listAt(rule, "ports").map(port => `${from} > ${to}:${at(port, "port")}`);
          }),
        ),
      );
    return [...new Set(found)].sort();
  }

  function hops(workload: Workload, toStores: boolean): string[] {
    return hopsOf(workload)
      .flatMap(hop => {
        if (hop.kind === "service-to-store") return toStores ? [`${hop.from} > ${hop.to}:5432`] : [];
        const ports = workload.services[hop.to]?.ports ?? [];
        return ports.map(({ number }) => `${"from" in hop ? hop.from : "edge"} > ${hop.to}:${number}`);
      })
      .sort();
  }

  test("is closed in both directions before anything else", () => {
    always((objects, { name }) => {
      const deny = objects.findIndex(
        ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "default-deny",
      );
      expect(objects[deny]).toMatchObject({
        metadata: { namespace: `${name}-prod` },
        spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      });
      const pods = objects.findIndex(object => at(object, "spec", "template") !== undefined);
      const policies = objects.findLastIndex(({ kind }) => kind === "NetworkPolicy");
      expect(policies).toBeLessThan(pods);
    });
  });

  test("has every way of the specification on both of its sides, and no other between its services", () => {
    always((objects, workload) => {
      const services = Object.keys(workload.services);
      const known = [...services, "postgres", "vectors"];
      expect(ways(objects, "egress", known).filter(way => !way.startsWith("edge"))).toEqual(
        hops(workload, true).filter(way => !way.startsWith("edge")),
      );
      expect(ways(objects, "ingress", services)).toEqual(hops(workload, false));
    });
  });

  test("leads out of the cluster only where the specification says so", () => {
    always((objects, workload) => {
      for (const [name, { network }] of Object.entries(workload.services)) {
        const policy = objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === name);
        const ranges = listAt(policy, "spec", "egress")
          .flatMap(rule => listAt(rule, "to"))
          .flatMap(peer => at(peer, "ipBlock", "cidr") ?? []);
        const allowed = [...network.egressRanges.map(({ cidr }) => cidr), "192.0.2.1/32"];
        for (const range of ranges) expect(allowed, name).toContain(range);
      }
    });
  });

  test("answers names only to those who call somebody", () => {
    always(objects => {
      for (const policy of objects.filter(({ kind }) => kind === "NetworkPolicy")) {
        const rules = listAt(policy, "spec", "egress");
        const dns = rules.filter(rule => listAt(rule, "ports").some(port => at(port, "port") === 53));
        // Over UDP and TCP, or not at all.
        expect(dns.length, policy.metadata.name).toBe(rules.length > dns.length ? 2 : 0);
      }
    });
  });

  test("has a policy for every pod", () => {
    always(objects => {
      const selected = objects
        .filter(({ kind }) => kind === "NetworkPolicy")
        .map(policy => Object.entries(Object(at(policy, "spec", "podSelector", "matchLabels"))))
        .filter(labels => labels.length > 0);
      for (const object of objects) {
        const template = at(object, "spec", ...(object.kind === "CronJob" ? ["jobTemplate", "spec"] : []), "template");
        if (template === undefined) continue;
        const own = at(template, "metadata", "labels");
        const matching = selected.filter(labels => labels.every(([label, value]) => at(own, label) === value));
        expect(matching, nameOf(object)).toHaveLength(1);
      }
    });
  });
});

describe("the objects together", () => {
  test("are the same for the same workload, in the same order", () => {
    for (const workload of systems()) {
      const [first, second] = [1, 2].map(() => JSON.stringify(workloadObjects(homeOf(structuredClone(workload)))));
      expect(first).toBe(second);
    }
  });

  test("have names that are labels, and the labels that say whose they are", () => {
    always((objects, workload) => {
      for (const object of objects) {
        expect(object.metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(object.metadata.labels, nameOf(object)).toMatchObject({
          "app.kubernetes.io/part-of": workload.name,
          "app.kubernetes.io/managed-by": "palisade",
        });
        for (const value of Object.values(object.metadata.labels ?? {})) expect(value.length).toBeLessThanOrEqual(63);
      }
    });
  });

  test("hold no Secret, and plan each that a pod refers to (PF-7)", () => {
    fc.assert(
      fc.property(workloads, workload => {
        const { objects, secrets } = workloadObjects(homeOf(workload));
        expect(objects.map(({ kind }) => kind)).not.toContain("Secret");
        const planned = secrets.map(({ name }) => name);
        const text = JSON.stringify(objects);
        const referred = text.matchAll(/"(?:secretKeyRef":\{"name|secretName)":"([^"]+)"/g);
        for (const [, name] of referred) expect(planned).toContain(name);
      }),
      settings,
    );
  });
});
