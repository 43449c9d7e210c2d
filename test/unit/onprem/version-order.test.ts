// Which version is older, as Semantic Versioning 2.0.0 orders them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { version as shape } from "../../../src/onprem/format/release";
import { compareVersions } from "../../../src/onprem/format/version-order";

/** From older to newer; the first eight after 0.9.9 are the specification's own example. */
const rising = [
  ...["0.0.1", "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
  ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1-9", "1.0.1-10", "1.0.1--", "1.0.1-A", "1.0.1-a"],
  ...["1.0.1", "1.0.2", "1.0.10", "1.2.0", "1.10.0", "2.0.0", "10.0.0"],
  ...["10.0.0-99999999999999999999", "10.0.0-100000000000000000000"].map(text => text.replace("10.0.0", "10.0.1")),
  ...["9007199254740992.0.0", "9007199254740993.0.0"],
];

describe("compareVersions", () => {
  test("holds for each pair of a rising list", () => {
    for (const [at, left] of rising.entries())
      for (const [other, right] of rising.entries()) {
        expect(Math.sign(compareVersions(left, right)), `${left} ? ${right}`).toBe(Math.sign(at - other));
      }
  });

  test("takes no notice of build metadata", () => {
    expect(compareVersions("1.0.0+1", "1.0.0+2")).toBe(0);
    expect(compareVersions("1.0.0-rc.1+9", "1.0.0")).toBeLessThan(0);
  });

  test.each([
    "",
    "1",
    "1.0",
    "v1.0.0",
    "01.0.0",
    "1.0.0-",
    "1.0.0-01",
    "1.0.0-a..b",
    "1.0.0+",
    "1.0.0 ",
    "1.0.0\n",
    `1.0.0-${"a".repeat(300)}`,
  ])("refuses %j", version => {
    expect(() => compareVersions(version, "1.0.0")).toThrow(/is no version/);
    expect(() => compareVersions("1.0.0", version)).toThrow(/is no version/);
  });

  test("is an order: never both ways, and passes on", () => {
    const identifier = fc.oneof(fc.nat(20).map(String), fc.stringMatching(/^[a-zA-Z-][0-9a-zA-Z-]{0,3}$/));
    const version = fc
      .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.array(identifier, { maxLength: 3 }))
      .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join(".")}` : ""}`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, b) === 0).toBe(a === b);
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) expect(compareVersions(a, c)).toBeLessThan(0);
      }),
    );
  });
});

describe("the version of a release", () => {
  test.each([
    "0.0.0",
    "1.4.0",
    "1.0.0-0",
    "1.0.0-rc.1",
    "1.0.0-01a",
    "1.0.0-0-1",
    "1.0.0-a.10.0",
    "1.0.0--",
    "1.0.0-0a.0b",
  ])("may be %s", text => expect(shape.safeParse(text).success).toBe(true));
  test.each([
    "1.0.0-01",
    "1.0.0-00",
    "1.0.0-rc.01",
    "1.0.0-01.rc",
    "1.0.0-a.007.b",
    "01.0.0",
    "1.0.0-",
    "1.0.0-a..b",
    "1.0.0+1",
  ])("is not %s", text => expect(shape.safeParse(text).success).toBe(false));

  test("is one that can be ordered, and every short one that can be ordered is a version, but for build metadata", () => {
    const part = fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/);
    const text = fc
      .tuple(fc.stringMatching(/^\d{1,2}$/), fc.array(part, { maxLength: 3 }))
      .map(([major, pre]) => `${major}.0.0${pre.length > 0 ? `-${pre.join(".")}` : ""}`);
    const orders = (version: string) => {
      try {
        return compareVersions(version, version) === 0;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(text, version => {
        expect(shape.safeParse(version).success).toBe(orders(version));
      }),
    );
  });
});
