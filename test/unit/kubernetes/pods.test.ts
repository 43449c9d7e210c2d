// Pods of a service: what they run as, how they are asked, how they start and end, and where.
import { describe, expect, test } from "vitest";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import type { KubernetesObject } from "../../../src/components/kubernetes/object";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import type { WorkloadInput } from "../../../src/workload/workload";
import { homeOf, objectOf, type ServiceInput, sampleWorkload, systems } from "./samples";

function objectsOf(changes: Partial<ServiceInput>, more: Partial<WorkloadInput> = {}): KubernetesObject[] {
  return workloadObjects(homeOf(sampleWorkload(changes, more))).objects;
}

function podOf(changes: Partial<ServiceInput>, more: Partial<WorkloadInput> = {}, kind = "Deployment"): unknown {
  return at(objectOf(objectsOf(changes, more), kind, "api"), "spec", "template", "spec");
}

function processOf(changes: Partial<ServiceInput>): unknown {
  return listAt(podOf(changes), "containers")[0];
}

function system(name: string): KubernetesObject[] {
  const workload = systems().find(other => other.name === name);
  if (!workload) throw new Error(`no system ${name}`);
  return workloadObjects(homeOf(workload)).objects;
}

const hidden = { exposure: "none" as const, callers: [] };

describe("probes", () => {
  test("ask the specification's path, port and numbers over TLS, and nobody before it has started (RT-2)", () => {
    const health = {
      path: "/well",
      port: "api",
      intervalSeconds: 20,
      timeoutSeconds: 4,
      healthyAfter: 3,
      unhealthyAfter: 4,
      graceSeconds: 90,
    };
    const httpGet = { path: "/well", port: "api", scheme: "HTTPS" };
    const often = { httpGet, periodSeconds: 20, timeoutSeconds: 4, failureThreshold: 4 };
    expect(processOf({ health })).toMatchObject({
      // 18 questions, 5 seconds apart: the grace.
      startupProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 4, failureThreshold: 18 },
      readinessProbe: { ...often, successThreshold: 3 },
      livenessProbe: often,
    });
  });

  test("ask a plain port plainly, from the pod's own node", () => {
    const ports = [{ name: "ops", number: 8080, protocol: "http" as const }];
    const health = { path: "/healthz", port: "ops" };
    expect(processOf({ ports, health, network: hidden })).toMatchObject({
      readinessProbe: { httpGet: { port: "ops", scheme: "HTTP" } },
    });
  });

  test("are none where there is nothing to ask", () => {
    const container = processOf({ ports: [], health: undefined, network: hidden });
    expect(Object.keys(Object(container)).filter(key => key.endsWith("Probe"))).toEqual([]);
  });
});

describe("the end of a pod", () => {
  test("comes after every proxy knows, and leaves the process its own time whole (RT-4)", () => {
    const pod = podOf({ lifecycle: { stopTimeoutSeconds: 40 } });
    expect(at(listAt(pod, "containers")[0], "lifecycle")).toEqual({ preStop: { sleep: { seconds: 5 } } });
    expect(at(pod, "terminationGracePeriodSeconds")).toBe(45);
  });

  test("is at once for a service that nobody is sent to", () => {
    const pod = podOf({ network: hidden, lifecycle: { stopTimeoutSeconds: 30 } });
    expect(at(listAt(pod, "containers")[0], "lifecycle")).toBeUndefined();
    expect(at(pod, "terminationGracePeriodSeconds")).toBe(30);
  });
});

describe("the start of a pod", () => {
  test("waits for the check, which is the same image with other arguments (RT-2, RT-15)", () => {
    const pod = podOf({
      image: { repository: "sample/api", command: ["run"], arguments: ["serve"] },
      lifecycle: { checkCommand: ["--check-config"] },
    });
    const check = listAt(pod, "initContainers").find(container => at(container, "name") === "api-check");
    const [main] = listAt(pod, "containers");
    expect(check).toMatchObject({ command: ["run"], args: ["--check-config"] });
    expect(main).toMatchObject({ command: ["run"], args: ["serve"] });
    expect(at(check, "image")).toBe(at(main, "image"));
    expect(at(check, "env")).toEqual(at(main, "env"));
    expect(at(check, "restartPolicy")).toBeUndefined();
  });

  test("refuses an image without digest (RT-1)", () => {
    const home = homeOf(sampleWorkload());
    expect(() => workloadObjects({ ...home, images: { ...home.images, api: "registry.example/api:1" } })).toThrow(
      /allowed is a repository with a digest/,
    );
    expect(() => workloadObjects({ ...home, images: {} })).toThrow("no digest for service `api`");
  });
});

describe("bounds", () => {
  test("guarantee CPU, and bound memory at what they guarantee (IS-8)", () => {
    expect(at(processOf({ resources: { cpuMillicores: 1500, memoryMiB: 2048 } }), "resources")).toEqual({
      requests: { cpu: "1500m", memory: "2Gi", "ephemeral-storage": "64Mi" },
      limits: { memory: "2Gi", "ephemeral-storage": "256Mi" },
    });
  });

  test("let a service burst up to its ceiling and no further (RT-6)", () => {
    const poller = objectOf(system("router"), "Deployment", "poller");
    const [main] = listAt(poller, "spec", "template", "spec", "containers");
    expect(at(main, "resources")).toMatchObject({ requests: { cpu: "500m" }, limits: { cpu: "1", memory: "512Mi" } });
  });
});

describe("a memory-only service (SP-6)", () => {
  const pod = at(objectOf(system("scriptpulse"), "Deployment", "api"), "spec", "template", "spec");
  const main = listAt(pod, "containers").find(container => at(container, "name") === "api");

  test("has no volume but memory, and its certificate", () => {
    for (const volume of listAt(pod, "volumes"))
      expect(
        at(volume, "emptyDir", "medium") === "Memory" || at(volume, "secret") !== undefined || at(volume, "configMap"),
        JSON.stringify(volume),
      ).toBeTruthy();
    expect(system("scriptpulse").filter(({ kind }) => kind === "PersistentVolumeClaim")).toEqual([]);
  });

  test("starts with core dumps off", () => {
    expect(listAt(main, "command").slice(0, 3)).toEqual(["/bin/sh", "-c", expect.stringContaining("ulimit -c 0")]);
    expect(listAt(main, "command").slice(4)).toEqual(["gunicorn", "scriptpulse.api:app"]);
  });

  test("is of the class Guaranteed, whose pods are given no swap", () => {
    const { requests, limits } = Object(at(main, "resources"));
    expect([limits.cpu, limits.memory]).toEqual([requests.cpu, requests.memory]);
  });
});

describe("a machine (CP-1, CP-9)", () => {
  const machine = { operatingSystem: "ubuntu-22.04" as const, units: ["bot.service", "Worker@2.service"] };
  const service = {
    machine,
    ports: [],
    health: undefined,
    network: hidden,
    resources: { cpuMillicores: 2000, memoryMiB: 4096 },
    scaling: { minReplicas: 1, maxReplicas: 1 },
  };

  test("is a pod with a container for each unit, which share its bounds", () => {
    const containers = listAt(podOf(service), "containers");
    expect(containers.map(container => at(container, "name"))).toEqual([
      "bot",
      expect.stringMatching(/^worker-2-[0-9a-f]{6}$/),
    ]);
    expect(containers.map(container => listAt(container, "env"))).toEqual([
      expect.arrayContaining([{ name: "PALISADE_UNIT", value: "bot.service" }]),
      expect.arrayContaining([{ name: "PALISADE_UNIT", value: "Worker@2.service" }]),
    ]);
    for (const container of containers)
      expect(at(container, "resources", "requests")).toMatchObject({ cpu: "1", memory: "2Gi" });
  });

  test("ends before its successor begins", () => {
    const deployment = objectOf(objectsOf(service), "Deployment", "api");
    expect(at(deployment, "spec", "strategy")).toEqual({ type: "Recreate" });
  });
});

describe("accelerators (CP-12)", () => {
  const deployment = objectOf(system("content-pipeline"), "Deployment", "renderer");
  const pod = at(deployment, "spec", "template", "spec");

  test("are asked for, on nodes that are kept for them", () => {
    const [main] = listAt(pod, "containers");
    expect(at(main, "resources", "limits", "nvidia.com/gpu")).toBe("1");
    expect(at(main, "resources", "requests", "nvidia.com/gpu")).toBe("1");
    expect(listAt(pod, "tolerations")).toContainEqual({
      key: "nvidia.com/gpu",
      operator: "Exists",
      effect: "NoSchedule",
    });
  });

  test("have one replica at least, since nothing would start the first", () => {
    const scaler = objectOf(system("content-pipeline"), "HorizontalPodAutoscaler", "renderer");
    expect(at(scaler, "spec", "minReplicas")).toBe(1);
  });

  test("leave no room for one replica more in an update", () => {
    expect(at(deployment, "spec", "strategy", "rollingUpdate")).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  test("would rather be on capacity that costs less, and may", () => {
    const preferred = listAt(
      pod,
      "affinity",
      "nodeAffinity",
      "preferredDuringSchedulingIgnoredDuringExecution",
    ).flatMap(term => listAt(term, "preference", "matchExpressions").map(expression => at(expression, "key")));
    expect(preferred).toContain("eks.amazonaws.com/capacityType");
    expect(listAt(pod, "tolerations").map(toleration => at(toleration, "key"))).toContain("cloud.google.com/gke-spot");
  });
});

describe("the controller", () => {
  test("adds a replica before it takes one away: zero downtime (SA-10)", () => {
    const deployment = objectOf(objectsOf({}), "Deployment", "api");
    expect(at(deployment, "spec", "strategy")).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
  });

  test("takes a service that nobody asks for well only once it has run for a while (RT-5)", () => {
    expect(at(objectOf(system("content-pipeline"), "Deployment", "editorbot"), "spec", "minReadySeconds")).toBe(10);
    expect(at(objectOf(objectsOf({}), "Deployment", "api"), "spec", "minReadySeconds")).toBeUndefined();
  });

  test("never has one more of those that take turns (RT-21, RT-30)", () => {
    const poller = objectOf(system("router"), "Deployment", "poller");
    expect(at(poller, "spec", "strategy", "rollingUpdate")).toEqual({ maxSurge: 0, maxUnavailable: 1 });
    expect(at(poller, "spec", "replicas")).toBe(2);
  });

  test("leaves the number of replicas to the autoscaler where there is one", () => {
    expect(at(objectOf(objectsOf({}), "Deployment", "api"), "spec", "replicas")).toBeUndefined();
    const fixed = objectOf(objectsOf({ scaling: { minReplicas: 3, maxReplicas: 3 } }), "Deployment", "api");
    expect(at(fixed, "spec", "replicas")).toBe(3);
  });

  test("carries the restart budget that the guard holds it to (RT-5)", () => {
    const lifecycle = { restartBudget: { restarts: 3, windowMinutes: 10 } };
    const { metadata } = objectOf(objectsOf({ lifecycle }), "Deployment", "api");
    expect(metadata.annotations?.["palisade.dev/restart-budget"]).toBe("3/10m");
  });

  test("is a StatefulSet where each replica has a volume of its own, and keeps what was written (IS-3)", () => {
    const volumes = { own: { sizeGiB: 5, mounts: [{ service: "api", path: "/data" }] } };
    const objects = objectsOf({}, { state: { volumes } });
    const set = objectOf(objects, "StatefulSet", "api");
    expect(at(set, "spec")).toMatchObject({
      serviceName: "api-replicas",
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      volumeClaimTemplates: [
        {
          metadata: { name: "own" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: "block",
            resources: { requests: { storage: "5Gi" } },
          },
        },
      ],
    });
    expect(at(objectOf(objects, "Service", "api-replicas"), "spec", "clusterIP")).toBe("None");
    expect(at(objectOf(objects, "Service", "api"), "spec", "clusterIP")).toBeUndefined();
    const [main] = listAt(set, "spec", "template", "spec", "containers");
    expect(listAt(main, "volumeMounts")).toContainEqual({ name: "own", mountPath: "/data" });
    expect(at(objectOf(objects, "HorizontalPodAutoscaler", "api"), "spec", "scaleTargetRef", "kind")).toBe(
      "StatefulSet",
    );
  });
});

describe("shared volumes (IS-3, IS-4, IS-9)", () => {
  const objects = system("iss");
  const pod = at(objectOf(objects, "Deployment", "api"), "spec", "template", "spec");

  test("are claims that all replicas write, of the user's group", () => {
    expect(at(objectOf(objects, "PersistentVolumeClaim", "forensic-logs"), "spec")).toEqual({
      accessModes: ["ReadWriteMany"],
      storageClassName: "shared",
      resources: { requests: { storage: "10Gi" } },
    });
    expect(at(pod, "securityContext")).toMatchObject({ fsGroup: 1000, fsGroupChangePolicy: "OnRootMismatch" });
  });

  test("are read-only twice over where no mount writes", () => {
    const volumes = listAt(pod, "volumes");
    const claimOf = (name: string) =>
      at(
        volumes.find(volume => at(volume, "name") === name),
        "persistentVolumeClaim",
      );
    expect(claimOf("memory-matrix")).toEqual({ claimName: "memory-matrix", readOnly: true });
    expect(claimOf("forensic-logs")).toEqual({ claimName: "forensic-logs" });
    const [main] = listAt(pod, "containers");
    expect(listAt(main, "volumeMounts")).toContainEqual({
      name: "memory-matrix",
      mountPath: "/app/memory_matrix",
      readOnly: true,
    });
  });

  test("that no service writes are written under their loader's account, and under no other", () => {
    const policy = objectOf(objects, "ValidatingAdmissionPolicy", "iss-prod-vaults");
    expect(listAt(policy, "spec", "validations")).toHaveLength(1);
    expect(at(listAt(policy, "spec", "validations")[0], "expression")).toBe(
      "(has(object.spec.serviceAccountName) && object.spec.serviceAccountName == 'loader-of-memory-matrix') || " +
        "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.persistentVolumeClaim) || " +
        "v.persistentVolumeClaim.claimName != 'memory-matrix' || " +
        "(has(v.persistentVolumeClaim.readOnly) && v.persistentVolumeClaim.readOnly))",
    );
    const binding = objectOf(objects, "ValidatingAdmissionPolicyBinding", "iss-prod-vaults");
    expect(at(binding, "spec", "validationActions")).toEqual(["Deny"]);
    expect(at(objectOf(objects, "ServiceAccount", "loader-of-memory-matrix"), "automountServiceAccountToken")).toBe(
      false,
    );
  });
});
