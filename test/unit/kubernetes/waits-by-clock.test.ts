// Waits last as long as they say, whatever is done to the wall clock meanwhile.
import { afterEach, expect, test, vi } from "vitest";
import { waitUntilReady } from "../../../src/kubernetes/await/wait";
import { waitUntilGone } from "../../../src/kubernetes/delete";
import type { JsonObject } from "../../../src/kubernetes/json";
import type { Cluster, Place } from "../../../src/kubernetes/objects";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A wall clock that is an hour further each time it is looked at. */
function leaping(): void {
  const began = Date.now();
  let looks = 0;
  vi.spyOn(Date, "now").mockImplementation(() => began + 3_600_000 * looks++);
}

const place: Place = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "n", path: "/web" };
const waiting = { place, timeoutS: 60, progress: () => undefined, cancelled: new AbortController().signal };

function cluster(answers: JsonObject[]): Cluster {
  const send = async ({ path }: { path: string }) => (path === "/web" ? (answers.shift() ?? {}) : { items: [] });
  return { api: { server: "", namespace: "", send }, discovery: { find: async () => undefined, forget: () => {} } };
}

test("an object that goes", async () => {
  leaping();
  const live = { metadata: { uid: "1" } };
  await expect(
    waitUntilGone({ ...waiting, cluster: cluster([live, live, { metadata: { uid: "2" } }]), uid: "1" }),
  ).resolves.toBeUndefined();
});

test("an object that becomes ready", async () => {
  leaping();
  const of = (ready: number): JsonObject => ({
    metadata: { name: "web", namespace: "n" },
    spec: { replicas: 1 },
    status: { replicas: 1, updatedReplicas: 1, availableReplicas: ready },
  });
  await expect(
    waitUntilReady({ ...waiting, cluster: cluster([of(0), of(1)]), live: of(0), onward: "" }),
  ).resolves.toMatchObject({ status: { availableReplicas: 1 } });
});
