import fc from "fast-check";
import { expect, test } from "vitest";
import { boundedName, logicalName } from "../../../src/components/aws/bounded-name";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,80}[a-z0-9]$/);

test("a name that fits stays as it is", () => {
  expect(boundedName("sanctum-dev-backend", 24)).toBe("sanctum-dev-backend");
});

test("no name is longer than its bound, and none ends in a hyphen before its hash", () => {
  fc.assert(
    fc.property(name, fc.integer({ min: 8, max: 60 }), (name, maximum) => {
      const bounded = boundedName(name, maximum);
      expect(bounded.length).toBeLessThanOrEqual(maximum);
      if (name.length > maximum) expect(bounded).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]-[0-9a-f]{6}$|^[a-z]-[0-9a-f]{6}$/);
    }),
  );
});

test("long names that begin alike stay apart", () => {
  const prefix = "a-very-long-workload-name-";
  expect(boundedName(`${prefix}one`, 24)).not.toBe(boundedName(`${prefix}two`, 24));
});

test("what autonaming adds still fits a load balancer's name", () => {
  fc.assert(
    fc.property(name, name => {
      expect(`${logicalName(name, "load-balancer")}-0123456`.length).toBeLessThanOrEqual(32);
    }),
  );
});

test("a bound without room for a hash is refused", () => {
  expect(() => boundedName("x", 7)).toThrow("`maximum` is 7");
});
