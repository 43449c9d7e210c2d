import { expect, test } from "vitest";
import { iss } from "../../../src/catalog/iss";
import { sanctum } from "../../../src/catalog/sanctum";
import { requireBuilt } from "../../../src/components/aws/not-built-yet";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { sampleService } from "./samples";

test.each([sanctum, iss])("$title is made whole", workload => expect(() => requireBuilt(workload)).not.toThrow());

test.each<[string, Partial<WorkloadInput>]>([
  [
    "state.volumes.data.sharing: `replica`; made is `replicas`",
    { state: { volumes: { data: { sizeGiB: 1, mounts: [{ service: "a", path: "/data" }] } } } },
  ],
  [
    "state.volumes.data.mounts.0: on a service with `gpus`",
    {
      state: { volumes: { data: { sizeGiB: 1, sharing: "replicas", mounts: [{ service: "g", path: "/data" }] } } },
      services: { g: sampleService({ resources: { cpuMillicores: 500, memoryMiB: 512, gpus: 1 } }) },
    },
  ],
  [
    "state.volumes.data.mounts.0: on a machine",
    {
      state: { volumes: { data: { sizeGiB: 1, sharing: "replicas", mounts: [{ service: "m", path: "/data" }] } } },
      services: { m: sampleService({ machine: { operatingSystem: "ubuntu-22.04" } }) },
    },
  ],
  [
    "services.m.logs.0.file: on a machine",
    {
      services: {
        m: sampleService({
          machine: { operatingSystem: "ubuntu-22.04" },
          logs: [{ kind: "audit", file: "/var/log/audit.log" }],
        }),
      },
    },
  ],
  [
    "services.a.logs.0.file: on a tmpfs; made are those on a volume",
    {
      services: {
        a: sampleService({
          tmpfs: [{ path: "/tmp", sizeMiB: 1 }],
          logs: [{ kind: "audit", file: "/tmp/audit.log" }],
        }),
      },
    },
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
