// RT-9, SA-10: which pods of a StatefulSet stand in the way of Kubernetes, and are deleted so that they are made anew.
import { describe, expect, test } from "vitest";
import type { ApiRequest } from "../../../../src/kubernetes/client";
import { discovery } from "../../../../src/kubernetes/discovery";
import { ApiError } from "../../../../src/kubernetes/errors";
import type { JsonObject } from "../../../../src/kubernetes/json";
import type { Cluster, Place } from "../../../../src/kubernetes/objects";
import { isStuck, removeStuckPods } from "../../../../src/onprem/install/stuck-pods";

const set: JsonObject = {
  metadata: { name: "postgres", uid: "set", generation: 3 },
  spec: { selector: { matchLabels: { app: "postgres" } } },
  status: { observedGeneration: 3, updateRevision: "postgres-1" },
};

function pod(waiting: string, { revision = "postgres-2", ready = "False", owner = "set", more = {} } = {}): JsonObject {
  return {
    metadata: {
      name: `postgres-${waiting}`,
      uid: `uid-${waiting}`,
      labels: { "controller-revision-hash": revision },
      ownerReferences: [{ uid: owner }],
      ...more,
    },
    status: {
      conditions: [{ type: "Ready", status: ready }],
      containerStatuses: [{ name: "a", state: waiting ? { waiting: { reason: waiting } } : { running: {} } }],
    },
  };
}

describe("a pod stands in the way", () => {
  test.each(["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError"])("%s", reason =>
    expect(isStuck(set, pod(reason))).toBe(true),
  );

  test("that no node has room for", () => {
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }];
    expect(isStuck(set, { ...pod(""), status: { conditions } })).toBe(true);
  });

  test.each<[string, JsonObject, JsonObject?]>([
    ["of the template as it is", pod("ImagePullBackOff", { revision: "postgres-1" })],
    ["that is ready", pod("ImagePullBackOff", { ready: "True" })],
    ["that is being made", pod("ContainerCreating")],
    ["that runs and is not ready yet", pod("")],
    ["of somebody else", pod("ImagePullBackOff", { owner: "other" })],
    ["that is going", pod("ImagePullBackOff", { more: { deletionTimestamp: "2026-01-01T00:00:00Z" } })],
    [
      "whose template Kubernetes has not seen",
      pod("ImagePullBackOff"),
      { ...set, status: { observedGeneration: 2, updateRevision: "postgres-1" } },
    ],
    ["before there is a revision", pod("ImagePullBackOff"), { ...set, status: { observedGeneration: 3 } }],
  ])("not one %s", (_, each, of = set) => expect(isStuck(of, each)).toBe(false));
});

describe("removing", () => {
  const place = { apiVersion: "apps/v1", kind: "StatefulSet", namespace: "shop", name: "postgres", path: "" };
  const at = (answer: (request: ApiRequest) => JsonObject): Cluster => {
    const api = { server: "https://fake", namespace: "default", send: async (request: ApiRequest) => answer(request) };
    return { api, discovery: discovery(api) };
  };

  test("deletes that very pod, and no other", async () => {
    const sent: ApiRequest[] = [];
    const cluster = at(request => {
      sent.push(request);
      return { items: [pod("ImagePullBackOff"), pod("")] };
    });
    expect(await removeStuckPods(cluster, place, set)).toEqual(["postgres-ImagePullBackOff"]);
    expect(sent.map(({ method, path, query, body }) => ({ method, path, query, body }))).toEqual([
      { method: "GET", path: "/api/v1/namespaces/shop/pods", query: { labelSelector: "app=postgres" } },
      {
        method: "DELETE",
        path: "/api/v1/namespaces/shop/pods/postgres-ImagePullBackOff",
        body: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: "uid-ImagePullBackOff" } },
      },
    ]);
  });

  test.each([403, 404, 409])("goes on where the answer is %i", async status => {
    const cluster = at(({ method, path }) => {
      if (method === "DELETE") throw new ApiError(status, { kind: "Status" }, method, path);
      return { items: [pod("ImagePullBackOff")] };
    });
    expect(await removeStuckPods(cluster, place, set)).toEqual([]);
  });

  test("asks nothing of other kinds", async () => {
    const cluster = at(() => {
      throw new Error("asked");
    });
    const other: Place = { ...place, kind: "Deployment" };
    expect(await removeStuckPods(cluster, other, set)).toEqual([]);
  });
});
