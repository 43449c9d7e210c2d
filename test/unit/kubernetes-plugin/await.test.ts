import { describe, expect, test } from "vitest";
import { ownerFindings, plain, podFindings } from "../../../src/kubernetes/await/findings";
import {
  claim,
  daemonSet,
  definition,
  deployment,
  haltedRelease,
  ingress,
  job,
  pod,
  service,
  statefulSet,
} from "../../../src/kubernetes/await/verdict";
import type { JsonObject } from "../../../src/kubernetes/json";
import { timeoutOf } from "../../../toolchain/kubernetes-plugin/timeout";

const metadata = { name: "web-1", namespace: "prod", generation: 3 };
const seen = { observedGeneration: 3 };
const conditions = (type: string, status: string, reason = "", message = "") => [{ type, status, reason, message }];
const rollout = (status: JsonObject, spec: JsonObject = {}) => ({ metadata, spec: { replicas: 3, ...spec }, status });

describe("a deployment", () => {
  const done = { ...seen, updatedReplicas: 3, replicas: 3, availableReplicas: 3 };
  test.each<[string, JsonObject, string]>([
    ["complete", done, "ready"],
    ["not seen by its controller", { ...done, observedGeneration: 2 }, "waiting"],
    ["half updated", { ...done, updatedReplicas: 2 }, "waiting"],
    ["with old replicas left", { ...done, replicas: 4 }, "waiting"],
    ["not available", { ...done, availableReplicas: 2 }, "waiting"],
    [
      "past its deadline",
      { ...seen, conditions: conditions("Progressing", "False", "ProgressDeadlineExceeded", "late") },
      "failed",
    ],
  ])("that is %s", (_, status, state) => expect(deployment(rollout(status)).state).toBe(state));

  test("that was halted ends the wait with the reason", () => {
    const annotations = { "palisade.dev/halted": "3 restarts in 10 minutes" };
    const halted = { ...rollout(done), metadata: { ...metadata, annotations } };
    expect(deployment(halted)).toEqual({ state: "failed", reason: "halted: 3 restarts in 10 minutes" });
  });

  test("that was halted is let go on by another release, not by the same one", () => {
    const release = (image: string, reason?: string) => ({
      metadata: { ...metadata, ...(reason && { annotations: { "palisade.dev/halted": reason } }) },
      spec: { template: { spec: { containers: [{ name: "a", image }] } } },
    });
    expect(haltedRelease(release("one", "6 restarts"), release("two", "6 restarts"))).toBe("6 restarts");
    expect(haltedRelease(release("one", "6 restarts"), release("one", "6 restarts"))).toBeUndefined();
    expect(haltedRelease(release("one"), release("two"))).toBeUndefined();
    expect(haltedRelease(undefined, release("two", "6 restarts"))).toBeUndefined();
  });

  test("without replicas, or paused, is ready", () => {
    expect(deployment(rollout(seen, { replicas: 0 })).state).toBe("ready");
    expect(deployment(rollout(seen, { paused: true })).state).toBe("ready");
  });
});

test.each<[string, JsonObject, JsonObject, string]>([
  ["rolled out", { readyReplicas: 3, updatedReplicas: 3, currentRevision: "b", updateRevision: "b" }, {}, "ready"],
  ["on the way", { readyReplicas: 3, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" }, {}, "waiting"],
  ["unready", { readyReplicas: 2, currentRevision: "b", updateRevision: "b" }, {}, "waiting"],
  [
    "partitioned",
    { readyReplicas: 3, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
    { updateStrategy: { rollingUpdate: { partition: 2 } } },
    "ready",
  ],
  [
    "updated by hand",
    { readyReplicas: 3, currentRevision: "a", updateRevision: "b" },
    { updateStrategy: { type: "OnDelete" } },
    "ready",
  ],
])("a stateful set that is %s", (_, status, spec, state) =>
  expect(statefulSet(rollout({ ...seen, ...status }, spec)).state).toBe(state),
);

test.each<[JsonObject, string]>([
  [{ ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }, "ready"],
  [{ ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 }, "waiting"],
  [{ ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }, "waiting"],
  [{ ...seen, desiredNumberScheduled: 0 }, "ready"],
])("a daemon set with %j", (status, state) => expect(daemonSet({ metadata, spec: {}, status }).state).toBe(state));

test.each<[string, (object: JsonObject) => { state: string }, JsonObject, string]>([
  ["pod ready", pod, { status: { phase: "Running", conditions: conditions("Ready", "True") } }, "ready"],
  ["pod done", pod, { status: { phase: "Succeeded" } }, "ready"],
  ["pod failed", pod, { status: { phase: "Failed", reason: "Evicted" } }, "failed"],
  ["pod pending", pod, { status: { phase: "Pending" } }, "waiting"],
  ["job complete", job, { status: { conditions: conditions("Complete", "True") } }, "ready"],
  ["job failed", job, { status: { conditions: conditions("Failed", "True", "BackoffLimitExceeded") } }, "failed"],
  ["job running", job, { status: { active: 1 } }, "waiting"],
  ["job suspended", job, { spec: { suspend: true } }, "ready"],
  ["definition served", definition, { status: { conditions: conditions("Established", "True") } }, "ready"],
  [
    "definition with a taken name",
    definition,
    { status: { conditions: conditions("NamesAccepted", "False") } },
    "failed",
  ],
  ["definition new", definition, {}, "waiting"],
])("%s", (_, judge, object, state) => expect(judge(object).state).toBe(state));

test.each<[string, JsonObject, string]>([
  ["with a selector", { clusterIP: "10.0.0.1", selector: { a: "b" } }, "waiting"],
  ["headless", { clusterIP: "None", selector: { a: "b" } }, "ready"],
  ["without a selector", { clusterIP: "10.0.0.1" }, "ready"],
  ["that is a name elsewhere", { type: "ExternalName", selector: { a: "b" } }, "ready"],
  ["with a load balancer", { type: "LoadBalancer" }, "waiting"],
])("a service %s and no endpoint", (_, spec, state) => expect(service({ spec }, []).state).toBe(state));

test("a service, an ingress and a claim are ready once something stands behind them", () => {
  const slice = { endpoints: [{ addresses: ["10.1.0.1"], conditions: { ready: true } }] };
  expect(service({ spec: { selector: { a: "b" } } }, [slice]).state).toBe("ready");
  expect(
    service({ spec: { selector: { a: "b" } } }, [{ endpoints: [{ addresses: ["x"], conditions: { ready: false } }] }])
      .state,
  ).toBe("waiting");
  const served = { status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } } };
  expect(ingress(served, []).state).toBe("ready");
  expect(ingress(served, ["web"])).toEqual({ state: "waiting", status: "service `web` has no endpoint" });
  expect(claim({ status: { phase: "Pending" } }, "Immediate").state).toBe("waiting");
  expect(claim({ status: { phase: "Pending" } }, "WaitForFirstConsumer").state).toBe("ready");
  expect(claim({ status: { phase: "Lost" } }, "WaitForFirstConsumer").state).toBe("failed");
});

describe("what is said of a pod", () => {
  const withContainer = (state: JsonObject, more: JsonObject = {}) => ({
    metadata,
    status: { containerStatuses: [{ name: "web", image: "r/web:1", ready: false, restartCount: 4, state, ...more }] },
  });
  const event = (reason: string, message: string, lastTimestamp = "2026-01-01T00:00:00Z") => ({
    reason,
    message,
    lastTimestamp,
  });
  const say = (object: JsonObject, events: JsonObject[] = []) =>
    podFindings(object, events)
      .map(finding => finding.text)
      .join("\n");

  test("that cannot pull its image: the cause, not only that it backs off", () => {
    const text = say(withContainer({ waiting: { reason: "ImagePullBackOff", message: "Back-off" } }), [
      event("Failed", "Failed to pull image: not found"),
      event("Failed", "Error: ErrImagePull", "2026-01-01T00:00:01Z"),
    ]);
    expect(text).toBe(
      "pod web-1, container `web`: image `r/web:1` cannot be had (ImagePullBackOff): Failed to pull image: not found",
    );
  });

  test("that keeps ending: the exit code and where its last words are", () => {
    const crashed = withContainer(
      { waiting: { reason: "CrashLoopBackOff" } },
      { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
    );
    expect(say(crashed)).toBe(
      "pod web-1, container `web` keeps ending (CrashLoopBackOff): exit code 137 (OOMKilled), restarted 4 times",
    );
    expect(podFindings(crashed, [])[0]?.next).toBe("kubectl logs web-1 -n prod -c web --previous");
  });

  test.each([
    [2, "keeps ending: exit code 78, restarted 2 times", " --previous"],
    [0, "ended: exit code 78", ""],
  ])("that is seen between its end and the next start, restarted %i times", (restartCount, said, previous) => {
    const ended = withContainer({ terminated: { exitCode: 78, reason: "Error" } }, { restartCount });
    expect(say(ended)).toBe(`pod web-1, container \`web\` ${said}`);
    expect(podFindings(ended, [])[0]?.next).toBe(`kubectl logs web-1 -n prod -c web${previous}`);
  });

  test("whose probe fails, that lacks its configuration, or finds no node", () => {
    expect(
      say(withContainer({ running: {} }), [
        event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
      ]),
    ).toMatch(/runs and is not ready: Readiness probe failed.*503/);
    expect(
      say(withContainer({ waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } })),
    ).toMatch(/secret "x" not found/);
    const unscheduled = {
      metadata,
      status: {
        conditions: conditions(
          "PodScheduled",
          "False",
          "Unschedulable",
          "0/1 nodes are available: 1 Insufficient cpu.",
        ),
      },
    };
    expect(say(unscheduled)).toBe("pod web-1 finds no node: 0/1 nodes are available: 1 Insufficient cpu.");
  });

  test("that is ready: nothing", () => {
    expect(say(withContainer({ running: {} }, { ready: true }), [event("Unhealthy", "once")])).toBe("");
  });
});

test.each([
  ['pods "x" is forbidden: exceeded quota: q, requested: pods=1', "kubectl describe resourcequota -n prod"],
  ['pods "x" is forbidden: violates PodSecurity "restricted:latest"', "kubectl get namespace prod --show-labels"],
  ["error looking up service account", "kubectl describe deployment web-1 -n prod"],
])("pods that cannot be made: %s", (message, next) => {
  const owner = {
    kind: "Deployment",
    metadata,
    status: { conditions: conditions("ReplicaFailure", "True", "FailedCreate", message) },
  };
  expect(ownerFindings(owner, [], "")).toEqual([{ text: `its pods cannot be made: ${message}`, next }]);
});

test("events from before the operation are not held against it", () => {
  const owner = { kind: "StatefulSet", metadata };
  const event = { reason: "FailedCreate", message: "exceeded quota", lastTimestamp: "2026-01-01T00:00:00Z" };
  expect(ownerFindings(owner, [event], "2026-01-01T00:00:01Z")).toEqual([]);
  expect(ownerFindings(owner, [event], "2026-01-01T00:00:00Z")).toHaveLength(1);
});

test("texts of the cluster are shown on one line, without control characters, and not at any length", () => {
  expect(plain("a\n\u001b[31mb\u0007c")).toBe("a [31mb c");
  expect(plain(`${"x".repeat(1000)}: not found`).length).toBeLessThan(370);
  expect(plain(`${"x".repeat(1000)}: not found`)).toMatch(/^x+ … x+: not found$/);
});

test.each([
  [30, {}, 30],
  [0, { "pulumi.com/timeoutSeconds": "45" }, 45],
  [0, {}, 600],
])("a timeout of %d with %j is %d s", (custom, annotations, expected) =>
  expect(timeoutOf(custom, { metadata: { annotations } })).toBe(expected),
);

test("a timeout that is no number is refused by name", () => {
  const object = { metadata: { annotations: { "pulumi.com/timeoutSeconds": "soon" } } };
  expect(() => timeoutOf(0, object)).toThrow(/pulumi\.com\/timeoutSeconds.*`soon`/);
});
