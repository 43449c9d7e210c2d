import { describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { requireBuilt, unbuilt } from "../../../src/components/aws/not-built-yet";
import { defineWorkload, type WorkloadInput } from "../../../src/workload/workload";
import { machineWorkload } from "./machine-samples";
import { sampleService } from "./samples";

const workload = (part: Partial<WorkloadInput>) =>
  defineWorkload({ name: "x", title: "X", services: { a: sampleService({}) }, ...part });
const volume = { sizeGiB: 1, mounts: [{ service: "a", path: "/data" }] };
const gpus = { cpuMillicores: 500, memoryMiB: 512, gpus: 1 };
const burst = {
  resources: gpus,
  network: { exposure: "none" as const },
  scaling: { minReplicas: 1, maxReplicas: 1, targets: [{ metric: "queue-wait" as const, milliseconds: 1000 }] },
};
const largest = { cpuMillicores: 16_000, memoryMiB: 122_880 };

test("every workload of the catalogue is made whole", () => {
  expect(unbuilt([...catalog.values()])).toEqual([]);
  expect(() => requireBuilt([...catalog.values()])).not.toThrow();
});

test.each<[string, string, string, ReturnType<typeof workload>]>([
  ["x.state.volumes.data.sharing", "`replica`", "`replicas`", workload({ state: { volumes: { data: volume } } })],
  [
    "x.state.volumes.data.mounts.0.service",
    "`a`, which has `gpus`",
    "services without",
    workload({
      services: { a: sampleService(burst) },
      state: { volumes: { data: { ...volume, sharing: "replicas" } } },
    }),
  ],
  [
    "x.services.a.logs.0.file",
    "a path on the tmpfs `/tmp`",
    "a path on a volume",
    workload({
      services: {
        a: sampleService({
          tmpfs: [{ path: "/tmp", sizeMiB: 1 }],
          logs: [{ kind: "audit", file: "/tmp/audit.log" }],
        }),
      },
    }),
  ],
  [
    "x.services.a.network.exposure",
    "`internal` with `gpus`",
    "`none`, with work from a queue",
    workload({ services: { a: sampleService({ ...burst, network: { exposure: "internal" } }) } }),
  ],
  [
    "sample.services.bot.scaling.backPressure",
    "one on a `machine`",
    "none",
    machineWorkload({
      scaling: { minReplicas: 1, maxReplicas: 1, backPressure: { cpuPercent: 60, latencyP95Milliseconds: 1000 } },
    }),
  ],
])("%s: %s is refused by name", (path, found, allowed, faulty) => {
  expect(unbuilt([faulty])).toEqual([{ path, found, allowed }]);
});

describe("sizes that Fargate does not sell (RT-6, IS-8)", () => {
  test("the process alone may be as large as a task", () => {
    expect(unbuilt([workload({ services: { a: sampleService({ ...burst, resources: largest }) } })])).toEqual([]);
  });

  test("with the proxy of the namespace and a collector beside it, it may not", () => {
    const traced = sampleService({ resources: largest, tracing: {} });
    expect(unbuilt([workload({ services: { a: traced } })])).toEqual([
      {
        path: "x.services.a.resources",
        found: "16378 millicores and 123200 MiB with what runs beside the process",
        allowed: expect.stringContaining("up to 15622 millicores and 122560 MiB"),
      },
    ]);
  });

  test("neither may its ceiling", () => {
    const grows = sampleService({
      resources: { cpuMillicores: 500, memoryMiB: 512, ceiling: largest },
      scaling: { minReplicas: 1, maxReplicas: 1, targets: [{ metric: "latency-p95", milliseconds: 1000 }] },
    });
    expect(unbuilt([workload({ services: { a: grows } })]).map(({ path }) => path)).toEqual([
      "x.services.a.resources.ceiling",
    ]);
  });
});

test("the faults of all workloads come in one message, each with what was found and what is allowed", () => {
  const other = defineWorkload({ name: "y", title: "Y", services: { a: sampleService({ resources: largest }) } });
  const faulty = workload({ state: { volumes: { data: volume } } });
  expect(() => requireBuilt([faulty, ...catalog.values(), other])).toThrow(
    [
      "Nothing was registered: SaaS on AWS does not make 2 parts of what the workloads ask for.",
      "  x.state.volumes.data.sharing: found `replica`",
      "      allowed: `replicas`",
      "  y.services.a.resources: found 16250 millicores and 122944 MiB with what runs beside the process",
      "      allowed: up to 15750 millicores and 122816 MiB, which leaves room beside it in the largest task of Fargate",
    ].join("\n"),
  );
});
