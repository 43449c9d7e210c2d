import { expect, test } from "vitest";
import { instanceClass, maximumConnections } from "../../../src/components/aws/instance-class";

test.each([
  ["db.t4g.micro", 2, 1024],
  ["db.t4g.xlarge", 4, 16_384],
  ["db.m7g.large", 2, 8192],
  ["db.r6gd.4xlarge", 16, 131_072],
])("%s has %i vCPUs and %i MiB", (name, vcpus, memoryMiB) => {
  expect(instanceClass(name)).toEqual({ vcpus, memoryMiB });
});

test.each(["db.x2g.large", "m7g.large", "db.m7g.micro", "db.t4g.4xlarge", ""])("`%s` is refused", name => {
  expect(() => instanceClass(name)).toThrow("`instanceClass`");
});

test("connections follow the memory up to RDS's limit", () => {
  expect(maximumConnections(instanceClass("db.t4g.micro"))).toBe(112);
  expect(maximumConnections(instanceClass("db.r7g.16xlarge"))).toBe(5000);
});
