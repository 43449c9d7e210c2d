import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuUnits } from "../../../src/components/aws/fargate-size";
import { gpuFaults, gpuSize, gpuSizes, gpuVolumeFaults, placeableMiB } from "../../../src/components/aws/gpu-size";
import { defineWorkload } from "../../../src/workload/workload";
import { sampleService } from "./samples";

const resources = fc.record({
  cpuMillicores: fc.integer({ min: 50, max: 16_000 }),
  memoryMiB: fc.integer({ min: 64, max: 122_880 }),
  gpus: fc.integer({ min: 1, max: 8 }),
});

test("whatever the model allows fits the machine chosen, and no machine before it", () => {
  fc.assert(
    fc.property(resources, needs => {
      const fits = (size: (typeof gpuSizes)[number]) =>
        size.gpus >= needs.gpus && size.cpu >= cpuUnits(needs.cpuMillicores) && placeableMiB(size) >= needs.memoryMiB;
      const size = gpuSize(needs);
      expect(fits(size)).toBe(true);
      expect(gpuSizes.slice(0, gpuSizes.indexOf(size)).some(fits)).toBe(false);
    }),
  );
});

test("a task never gets the whole memory of a machine: the kernel and the agent have theirs", () => {
  expect(gpuSize({ cpuMillicores: 4000, memoryMiB: 14_336, gpus: 1 }).instanceTypes[0]).toBe("g4dn.xlarge");
  expect(gpuSize({ cpuMillicores: 4000, memoryMiB: 16_384, gpus: 1 }).instanceTypes[0]).toBe("g4dn.2xlarge");
});

test("every size has two or three types, so that spot has a choice", () => {
  for (const { instanceTypes } of gpuSizes) expect([2, 3]).toContain(instanceTypes.length);
});

describe("what a GPU service cannot be", () => {
  const gpu = { cpuMillicores: 500, memoryMiB: 512, gpus: 1 };
  const quiet = {
    resources: gpu,
    network: { exposure: "none" as const },
    scaling: { minReplicas: 1, maxReplicas: 2, targets: [{ metric: "queue-wait" as const, milliseconds: 1 }] },
  };

  test("nothing is wrong with a quiet one", () => expect(gpuFaults(sampleService(quiet))).toEqual([]));

  test("reachable, or scaled by something else", () => {
    expect(gpuFaults(sampleService({ resources: gpu }))).toEqual([
      { path: "network.exposure", found: "`internal` with `gpus`", allowed: "`none`, with work from a queue" },
      { path: "scaling.targets", found: "`cpu` with `gpus`", allowed: "`queue-wait`" },
    ]);
  });

  test("held back, grown, or calling somebody, which is made on Fargate", () => {
    const service = sampleService(quiet);
    const scaling = { ...service.scaling, backPressure: { cpuPercent: 60, latencyP95Milliseconds: 1000 } };
    const faults = gpuFaults({
      ...service,
      scaling,
      resources: { ...service.resources, ceiling: { cpuMillicores: 1000, memoryMiB: 1024 } },
      network: { ...service.network, egress: ["api.example.com"] },
      environment: { OTHER_URL: { endpointOf: "other" } },
    });
    expect(faults.map(({ path }) => path)).toEqual([
      "network.egress",
      "environment.OTHER_URL",
      "scaling.backPressure",
      "resources.ceiling",
    ]);
  });

  test("larger than any machine", () => {
    const service = sampleService(quiet);
    const huge = { ...service, resources: { ...service.resources, memoryMiB: 10_000_000 } };
    expect(gpuFaults(huge)).toEqual([
      {
        path: "resources",
        found: "500 millicores, 10000000 MiB and 1 GPUs",
        allowed: expect.stringMatching(/^what fits the largest GPU machine, \d+ MiB and 8 GPUs$/),
      },
    ]);
  });

  test("one that mounts a volume", () => {
    const { services, state } = defineWorkload({
      name: "x",
      title: "X",
      services: { a: sampleService(quiet) },
      state: { volumes: { data: { sizeGiB: 1, mounts: [{ service: "a", path: "/data" }] } } },
    });
    expect(gpuVolumeFaults({ services, state })).toEqual([
      { path: "state.volumes.data.mounts.0.service", found: "`a`, which has `gpus`", allowed: "services without" },
    ]);
  });
});
