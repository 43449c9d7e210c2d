// What is seen of a workload in a cluster: telemetry, alerts, dashboards, its guard (RT-5, RT-7, RT-22, RT-24, RT-25).
import { expect, test } from "vitest";
import { alertRules } from "../../../src/components/kubernetes/alert-rules";
import { dashboard } from "../../../src/components/kubernetes/dashboard";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { systemHome } from "./helper-homes";
import { containersOf, homeOf, objectOf, sampleWorkload } from "./samples";

const rules = (name = "router") => alertRules(systemHome(name)).flatMap(group => group.rules);
const ruleOf = (alert: string, name?: string) => {
  const found = rules(name).find(rule => rule.alert === alert);
  if (!found) throw new Error(`no alert ${alert}`);
  return found;
};

test("fatal failures ring at three in five minutes, and no other failure does", () => {
  const { expr } = ruleOf("PalisadeMetricA2aFailureTotal");
  expect(expr).toContain('classification="fatal"');
  expect(expr).toMatch(/\[5m\]\)\)\) >= 3$/);
});

test("rate limits are counted for each persona by itself", () => {
  expect(ruleOf("PalisadeMetricRateLimitHit").expr).toMatch(
    /^max\(sum by \(persona\) \(increase\(.*\[720m\]\)\)\) >= 10$/,
  );
});

test("an objective for each of something that no dimension names is refused", () => {
  const workload = sampleWorkload({
    metrics: [{ name: "limit.hit", unit: "count", kind: "counter" }],
    objectives: { metrics: [{ name: "limit.hit", limit: 1, windowMinutes: 5, per: "persona_tag" }] },
  });
  expect(() => alertRules(homeOf(workload))).toThrow(/`limit.hit` of service `api` counts per `persona_tag`/);
});

test("silence of a heartbeat rings, of a service that always runs", () => {
  expect(ruleOf("PalisadeHeartbeatRouterUptimeSeconds").expr).toMatch(
    /^absent_over_time\(router_uptime_seconds\{.*\}\[5m\]\)$/,
  );
});

test("p95 is held against the objective of the specification", () => {
  expect(ruleOf("PalisadeLatencyP95").expr).toMatch(
    /^histogram_quantile\(0.95,.*latency_round_trip_ms_bucket.* >= 12000$/,
  );
});

test("a service that is there only while there is work lacks nothing while it is not", () => {
  const ofRenderer = rules("content-pipeline").filter(({ labels }) => labels.service === "renderer");
  expect(ofRenderer.length).toBeGreaterThan(0);
  expect(ofRenderer.map(({ alert }) => alert)).not.toContain("PalisadeReplicas");
});

test("requests are watched where the cluster counts them", () => {
  const alerts = (ingressMetrics?: "ingress-nginx") =>
    alertRules(systemHome("sanctum", { monitoring: { ingressMetrics } }))
      .flatMap(group => group.rules)
      .map(({ alert }) => alert);
  expect(alerts("ingress-nginx")).toContain("PalisadeErrors");
  expect(alerts()).not.toContain("PalisadeErrors");
});

test("the operator's objects are made only where it is", () => {
  const kinds = (operator: boolean) =>
    workloadObjects(systemHome("router", { monitoring: { operator } })).objects.map(({ kind }) => kind);
  expect(kinds(true)).toEqual(expect.arrayContaining(["PrometheusRule", "PodMonitor"]));
  expect(kinds(false)).not.toContain("PrometheusRule");
});

test("the dashboard tells what is deployed, and is the same for the same deployment", () => {
  const home = systemHome("router", { release: { manifestId: "m-7", deployedAt: "2030-01-01T00:00:00Z" } });
  const text = JSON.stringify(dashboard(home));
  expect(text).toBe(JSON.stringify(dashboard(home)));
  expect(text).toContain("m-7");
  expect(text).toContain(home.buildSha);
  const map = objectOf(workloadObjects(home).objects, "ConfigMap", "dashboard");
  expect(map.metadata.annotations).toMatchObject({
    "palisade.dev/manifest-id": "m-7",
    "palisade.dev/build-sha": home.buildSha,
  });
});

test("the throttle's ConfigMap has no data of ours, and a change of it replaces no pod", () => {
  const { objects } = workloadObjects(systemHome("router"));
  const map = objectOf(objects, "ConfigMap", "poller-throttle");
  expect(map).not.toHaveProperty("data");
  expect(map.metadata.annotations).toHaveProperty("palisade.dev/read-live");
});

test("the ladder of a service is written in the form that the guard reads", () => {
  const { objects } = workloadObjects(systemHome("router"));
  const deployment = objectOf(objects, "Deployment", "poller");
  expect(JSON.parse(String(at(deployment, "metadata", "annotations", "palisade.dev/capacity-ladder")))).toEqual({
    container: "poller",
    throttle: { configMap: "poller-throttle", key: "percent" },
    pressure: { cpuPercent: 60, latencyP95Milliseconds: 12_000 },
    wait: { queueWaitMilliseconds: 2000, latencyP95Milliseconds: 12_000 },
    ceiling: { cpu: "1000m", memory: "1024Mi" },
    metrics: {
      latency: "latency_round_trip_ms",
      queueWait: "queue_wait_ms",
      labels: { service_namespace: "router", service_name: "poller", deployment_environment_name: "prod" },
    },
    steps: [100, 75, 50, 25],
    stepSeconds: 120,
    patienceSeconds: 600,
    calmSeconds: 300,
  });
});

test("the guard may change its workload's own objects by name, and holds no right in any other namespace", () => {
  const { objects } = workloadObjects(systemHome("router"));
  const role = objectOf(objects, "Role", "workload-guard");
  const writes = listAt(role, "rules").filter(rule => listAt(rule, "verbs").includes("update"));
  const unnamed = writes.filter(rule => !at(rule, "resourceNames")).map(rule => listAt(rule, "resources"));
  expect(unnamed).toEqual([["replicasets"], ["pods/resize"]]);
  expect(objects.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
});

test("a Lease is made, its holder is left to the replicas, and they may have that one only (RT-30)", () => {
  const { objects } = workloadObjects(systemHome("router"));
  expect(objectOf(objects, "Lease", "poller")).not.toHaveProperty("spec");
  expect(listAt(objectOf(objects, "Role", "poller"), "rules")).toEqual([
    {
      apiGroups: ["coordination.k8s.io"],
      resources: ["leases"],
      resourceNames: ["poller"],
      verbs: ["get", "update", "patch"],
    },
  ]);
});

test("services publish over TLS from both sides, and sample nothing themselves", () => {
  const { objects } = workloadObjects(systemHome("router"));
  const [container] = containersOf(at(objectOf(objects, "Deployment", "poller"), "spec", "template", "spec"));
  expect(listAt(container, "env")).toEqual(
    expect.arrayContaining([
      { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "https://collector.router-prod.svc:4318" },
      { name: "OTEL_EXPORTER_OTLP_CLIENT_KEY", value: "/run/palisade/tls/tls.key" },
      { name: "OTEL_TRACES_SAMPLER", value: "always_on" },
    ]),
  );
});

test("an endpoint of traces without a place is refused", () => {
  const tracing = { samplePercent: 25, endpoint: "https://otel.example.com" };
  expect(() => workloadObjects(systemHome("router", { tracing }))).toThrow(/`tracing.endpoint` is given without/);
});
