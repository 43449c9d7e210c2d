import fc from "fast-check";
import { expect, test } from "vitest";
import { atLeast, parseVersion } from "../../toolchain/versions";

test.each([
  ["v3.256.0\n", "3.256.0"],
  ["go version go1.26.8 linux/amd64", "1.26.8"],
  ["Python 3.11.7", "3.11.7"],
  ["go version go1.27 linux/amd64", "1.27"],
  ["command not found", undefined],
])("the version in %j is %s", (text, version) => expect(parseVersion(text)).toBe(version));

test("versions compare number by number", () => {
  const part = fc.nat(500);
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
      const weight = ([x, y, z]: [number, number, number]) => x * 1e6 + y * 1e3 + z;
      expect(atLeast(a.join("."), b.join("."))).toBe(weight(a) >= weight(b));
    }),
  );
  expect(atLeast("3.99.0", "3.256.0")).toBe(false);
  expect(atLeast("1.27", "1.25.11")).toBe(true);
});
