import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuUnits, fargateSize, fargateSizes } from "../../../src/components/aws/fargate-size";

test.each([
  [250, 512, 256, 512],
  [250, 513, 256, 1024],
  [250, 1025, 256, 2048],
  [250, 2049, 512, 3072],
  [500, 512, 512, 1024],
  // 512 millicores are 525 units, more than half a vCPU.
  [512, 1024, 1024, 2048],
  [1000, 4096, 1024, 4096],
  [8000, 16_385, 8192, 20_480],
  [16_000, 122_880, 16_384, 122_880],
])("%i millicores and %i MiB run in %i units and %i MiB", (millicores, memory, cpu, memoryMiB) => {
  expect(fargateSize(millicores, memory)).toEqual({ cpu, memoryMiB });
});

test("the size is on sale, holds the need, and no smaller one does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 16_000 }), fc.integer({ min: 64, max: 122_880 }), (millicores, memory) => {
      const size = fargateSize(millicores, memory);
      const holds = ({ cpu, memoryMiB }: typeof size) => cpu >= cpuUnits(millicores) && memoryMiB >= memory;
      expect(fargateSizes).toContainEqual(size);
      expect(holds(size)).toBe(true);
      const smaller = fargateSizes.filter(
        other => other.cpu < size.cpu || (other.cpu === size.cpu && other.memoryMiB < size.memoryMiB),
      );
      expect(smaller.some(holds)).toBe(false);
    }),
  );
});

test("above the largest the error names what is sold", () => {
  expect(() => fargateSize(16_001, 1024)).toThrow("16000 millicores and 122880 MiB");
  expect(() => fargateSize(1000, 122_881)).toThrow("`resources`");
});
