// RT-4, RT-9: what an apply must not do: leave a failed job standing, drop the number of pods to one, or fight an autoscaler that goes.
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../../src/components/kubernetes/object";
import type { ApiRequest } from "../../../../src/kubernetes/client";
import { type JsonObject, objectAt } from "../../../../src/kubernetes/json";
import { applyObject } from "../../../../src/onprem/install/apply-object";
import { advance } from "../../../../src/onprem/install/transition";
import { FakeCluster } from "./fake-cluster";
import { deployment, environment, namespace, place, target, told } from "./samples";

const labels = { "app.kubernetes.io/managed-by": "palisade" };
const job = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "setup", namespace: place, labels },
  spec: { backoffLimit: 10 },
};
const jobs = `/apis/batch/v1/namespaces/${place}/jobs/setup`;

describe("a job that has failed", () => {
  const release = target("1.0.0", [deployment("web", "a@1"), job]);

  test("is made anew by the same command, and then the release runs", async () => {
    const fake = new FakeCluster();
    fake.broken.add("setup");
    await expect(advance(environment(fake.line()), "install", release)).rejects.toThrow("the job failed");
    fake.broken.clear();
    const report = told();
    await expect(advance(environment(fake.line(), { report }), "install", release)).resolves.toMatchObject({
      text: "Release 1.0.0 runs.",
    });
    expect(report.lines).toContain(`Job ${place}/setup: made anew, as it has failed, and would never run again`);
  });

  test("is the only one: a complete one stays, and so does somebody else's", async () => {
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", release);
    fake.writes.length = 0;
    await advance(environment(fake.line()), "install", release);
    expect(fake.writes).not.toContain(`DELETE ${jobs}`);
    const live = fake.objects.get(jobs) as JsonObject;
    const conditions = [{ type: "Failed", status: "True" }];
    const metadata = { ...objectAt(live, "metadata"), managedFields: [{ manager: "kubectl", operation: "Apply" }] };
    fake.objects.set(jobs, { ...live, metadata, status: { conditions } });
    await expect(advance(environment(fake.line()), "install", release)).rejects.toThrow("did not make it");
    expect(fake.objects.has(jobs)).toBe(true);
  });
});

describe("a number of pods that is left to an autoscaler", () => {
  const at = `/apis/apps/v1/namespaces/${place}/deployments/web`;
  const fields = { "f:spec": { "f:replicas": {} } };
  const without = (() => {
    const made = deployment("web", "a@2");
    const { replicas: _, ...spec } = made.spec as JsonObject;
    return { ...made, spec };
  })();

  /** What is sent of a Deployment with 3 pods whose number is owned so. */
  async function sent(owner: JsonObject, object: KubernetesObject = without): Promise<JsonObject> {
    const fake = new FakeCluster();
    const { cluster } = fake.line();
    const work = { progress: () => undefined, say: () => undefined, cancelled: new AbortController().signal };
    for (const each of [namespace(place), deployment("web", "a@1")]) await applyObject(cluster, each, work);
    const live = fake.objects.get(at) as JsonObject;
    const managedFields = [{ manager: "palisade", operation: "Apply" }, owner];
    const metadata = { ...objectAt(live, "metadata"), managedFields };
    fake.objects.set(at, { ...live, metadata, spec: { ...objectAt(live, "spec"), replicas: 3 } });
    let body: JsonObject = {};
    const { send } = cluster.api;
    cluster.api.send = async (request: ApiRequest) => {
      if (request.method === "PATCH") body = request.body ?? {};
      return send(request);
    };
    await applyObject(cluster, object, work);
    return objectAt(body, "spec");
  }

  test("is sent as it is while it is ours, and no longer once the autoscaler has set it", async () => {
    expect(await sent({ manager: "palisade", operation: "Apply", fieldsV1: fields })).toHaveProperty("replicas", 3);
    const scaler = { manager: "kube-controller-manager", operation: "Update", subresource: "scale", fieldsV1: fields };
    expect(await sent(scaler)).not.toHaveProperty("replicas");
  });

  test("is the release's where it says one", async () => {
    const owner = { manager: "palisade", operation: "Apply", fieldsV1: fields };
    expect(await sent(owner, deployment("web", "a@2"))).toHaveProperty("replicas", 1);
  });

  test("is fixed only once the autoscaler is gone", async () => {
    const scaler = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web", namespace: place, labels },
      spec: {},
    };
    const fake = new FakeCluster();
    await advance(environment(fake.line()), "install", target("1.0.0", [without, scaler]));
    fake.writes.length = 0;
    await advance(environment(fake.line()), "upgrade", target("1.1.0", [deployment("web", "a@2")]));
    const gone = fake.writes.indexOf(`DELETE /apis/autoscaling/v2/namespaces/${place}/horizontalpodautoscalers/web`);
    expect(gone).toBeGreaterThan(-1);
    expect(fake.writes.indexOf(`PATCH ${at}`)).toBeGreaterThan(gone);
  });
});
