import { expect, test } from "vitest";
import { sanctum } from "../../../src/catalog/sanctum";
import { requireBuilt } from "../../../src/components/aws/not-built-yet";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { sampleService } from "./samples";

test("Sanctum is made whole", () => expect(() => requireBuilt(sanctum)).not.toThrow());

test.each<[string, Partial<WorkloadInput>]>([
  ["state.volumes.data", { state: { volumes: { data: { sizeGiB: 1, mounts: [{ service: "a", path: "/data" }] } } } }],
  ["tenancy", { tenancy: { claim: "tenant_id", requestsPerMinute: 1 } }],
  [
    "services.a.network.egress",
    { services: { a: sampleService({ network: { exposure: "none", egress: ["example.com"] } }) } },
  ],
  [
    "services.a.network.exposure: `internal` with `gpus`; made is `none`, with work from a queue\n  services.a.scaling.targets",
    { services: { a: sampleService({ resources: { cpuMillicores: 500, memoryMiB: 512, gpus: 1 } }) } },
  ],
])("%s is refused by name", (name, part) => {
  const workload = defineWorkload({ name: "x", title: "X", services: { a: sampleService({}) }, ...part });
  expect(() => requireBuilt(workload)).toThrow(
    `workload \`x\` asks for what SaaS on AWS does not make yet:\n  ${name}`,
  );
});
