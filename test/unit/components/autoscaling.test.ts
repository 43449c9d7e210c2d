import fc from "fast-check";
import { expect, test } from "vitest";
import { capacity, ServiceAutoscaling, type ServiceAutoscalingArgs } from "../../../src/components/aws/autoscaling";
import type { ScalingTarget } from "../../../src/workload/operation";
import { only } from "../record";
import { recordTypes, sampleService } from "./samples";

const types = ["aws:appautoscaling/policy:Policy", "aws:appautoscaling/target:Target"];

function build(targets: ScalingTarget[], changes: Partial<ServiceAutoscalingArgs> = {}) {
  const { scaling } = sampleService({ scaling: { minReplicas: 2, maxReplicas: 10, targets } });
  return recordTypes(
    types,
    () =>
      new ServiceAutoscaling("sample", {
        scaling,
        clusterName: "sanctum",
        serviceName: "sample-abc",
        requests: { loadBalancerArnSuffix: "app/edge/1", targetGroupArnSuffix: "targetgroup/sample/2" },
        metricDimensions: { Workload: "sanctum", Service: "sample" },
        ...changes,
      }),
  );
}
const published = (metricName: string, stat: string) => ({
  metrics: [
    {
      returnData: true,
      metricStat: {
        stat,
        metric: {
          namespace: "Palisade",
          metricName,
          dimensions: [
            { name: "Workload", value: "sanctum" },
            { name: "Service", value: "sample" },
          ],
        },
      },
    },
  ],
});

test.each<[ScalingTarget, number, object]>([
  [
    { metric: "cpu", percent: 60 },
    60,
    { predefinedMetricSpecification: { predefinedMetricType: "ECSServiceAverageCPUUtilization" } },
  ],
  [
    { metric: "memory", percent: 70 },
    70,
    { predefinedMetricSpecification: { predefinedMetricType: "ECSServiceAverageMemoryUtilization" } },
  ],
  [
    { metric: "requests-per-replica", perMinute: 600 },
    600,
    {
      predefinedMetricSpecification: {
        predefinedMetricType: "ALBRequestCountPerTarget",
        resourceLabel: "app/edge/1/targetgroup/sample/2",
      },
    },
  ],
  [
    { metric: "queue-wait", milliseconds: 5000 },
    5000,
    { customizedMetricSpecification: published("queue.wait_ms", "Average") },
  ],
  [
    { metric: "latency-p95", milliseconds: 12_000 },
    12_000,
    { customizedMetricSpecification: published("latency.round_trip_ms", "p95") },
  ],
])("%o", async (target, targetValue, specification) => {
  const registered = await build([target]);
  const policy = only(registered, "aws:appautoscaling/policy:Policy");
  expect(policy.inputs.resourceId).toBe("service/sanctum/sample-abc");
  const configuration = policy.inputs.targetTrackingScalingPolicyConfiguration as Record<string, number>;
  expect(configuration).toMatchObject({ targetValue, ...specification });
  expect(configuration.scaleInCooldown).toBeGreaterThan(configuration.scaleOutCooldown ?? Number.POSITIVE_INFINITY);
  expect(only(registered, "aws:appautoscaling/target:Target").inputs).toMatchObject({
    minCapacity: 2,
    maxCapacity: 10,
  });
});

test("an active-passive service has a fixed number of replicas and nothing to track", async () => {
  const { scaling } = sampleService({ scaling: { minReplicas: 2, maxReplicas: 6, mode: "active-passive" } });
  const registered = await build([], { scaling });
  expect(only(registered, "aws:appautoscaling/target:Target").inputs).toMatchObject({ minCapacity: 2, maxCapacity: 2 });
  expect(registered.filter(r => r.type === "aws:appautoscaling/policy:Policy")).toEqual([]);
});

test("capacity never inverts", () => {
  const mode = fc.constantFrom("all-active" as const, "active-passive" as const);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 900 }), mode, (minReplicas, more, mode) => {
      const { minimum, maximum } = capacity({ minReplicas, maxReplicas: minReplicas + more, mode, targets: [] });
      expect(minimum).toBe(minReplicas);
      expect(maximum).toBe(mode === "active-passive" ? minReplicas : minReplicas + more);
    }),
  );
});

test.each<[ScalingTarget, string]>([
  [{ metric: "requests-per-replica", perMinute: 1 }, "requests"],
  [{ metric: "queue-wait", milliseconds: 1 }, "metricDimensions"],
])("%o without its argument is refused", async (target, argument) => {
  await expect(build([target], { [argument]: undefined })).rejects.toThrow(`\`${argument}\` is missing`);
});
