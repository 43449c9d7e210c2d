import { expect, test } from "vitest";
import { sanctum } from "../../../src/catalog/sanctum";
import { requireBuilt } from "../../../src/components/aws/not-built-yet";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { sampleService } from "./samples";

test("Sanctum is made whole", () => expect(() => requireBuilt(sanctum)).not.toThrow());

test.each<[string, Partial<WorkloadInput>]>([
  ["state.buckets.files", { state: { buckets: { files: { prefixes: {} } } } }],
  ["state.queues.jobs", { state: { queues: { jobs: { producers: ["a"], consumers: ["a"] } } } }],
  ["state.volumes.data", { state: { volumes: { data: { sizeGiB: 1, mounts: [{ service: "a", path: "/data" }] } } } }],
  ["tenancy", { tenancy: { claim: "tenant_id", requestsPerMinute: 1 } }],
  ["approvals: `publish`", { approvals: [{ name: "publish", description: "d", service: "a" }] }],
  ["services.a.interruptible", { services: { a: sampleService({ interruptible: true }) } }],
])("%s is refused by name", (name, part) => {
  const workload = defineWorkload({ name: "x", title: "X", services: { a: sampleService({}) }, ...part });
  expect(() => requireBuilt(workload)).toThrow(
    `workload \`x\` asks for what SaaS on AWS does not make yet:\n  ${name}`,
  );
});
