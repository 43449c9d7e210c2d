import fc from "fast-check";
import { expect, test } from "vitest";
import { ec2Size, ec2Sizes } from "../../../src/components/aws/ec2-size";

test.each([
  [2000, 4096, "t3.medium"],
  [500, 1024, "t3.micro"],
  [500, 1025, "t3.small"],
  [2001, 4096, "t3.xlarge"],
  [2000, 16_385, "r6i.xlarge"],
  [8000, 32_768, "t3.2xlarge"],
  [16_000, 1024, "m6i.4xlarge"],
  [16_000, 122_880, "r6i.4xlarge"],
])("%i millicores and %i MiB are a %s", (millicores, memory, instanceType) => {
  expect(ec2Size(millicores, memory).instanceType).toBe(instanceType);
});

test("the type holds the need, and none before it does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 16_000 }), fc.integer({ min: 64, max: 122_880 }), (millicores, memory) => {
      const size = ec2Size(millicores, memory);
      const holds = ({ vcpus, memoryMiB }: typeof size) => vcpus * 1000 >= millicores && memoryMiB >= memory;
      expect(holds(size)).toBe(true);
      expect(ec2Sizes.slice(0, ec2Sizes.indexOf(size)).some(holds)).toBe(false);
    }),
  );
});

test("above the largest the error names what there is", () => {
  expect(() => ec2Size(16_001, 1024)).toThrow("up to 16000 millicores and 131072 MiB");
  expect(() => ec2Size(1000, 131_073)).toThrow("`resources`");
});
