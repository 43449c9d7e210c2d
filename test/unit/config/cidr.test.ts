import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cidr, contains, formatCidr, isPrivate, lastAddress, overlaps, parseCidr } from "../../../src/config/cidr";

const cidr = fc
  .record({ address: fc.integer({ min: 0, max: 2 ** 32 - 1 }), prefix: fc.integer({ min: 0, max: 32 }) })
  .map(({ address, prefix }): Cidr => ({ first: address - (address % 2 ** (32 - prefix)), prefix }));

/** Two ranges that often have something to do with each other. */
const pair = fc.oneof(
  fc.tuple(cidr, cidr),
  fc.tuple(cidr, fc.integer({ min: 0, max: 32 }), fc.nat()).map(([outer, more, offset]): [Cidr, Cidr] => {
    const prefix = Math.min(32, outer.prefix + more);
    const address = outer.first + (offset % 2 ** (32 - outer.prefix));
    return [outer, { first: address - (address % 2 ** (32 - prefix)), prefix }];
  }),
);

describe("parseCidr", () => {
  test.each([
    ["10.20.0.0/16", { first: 0x0a140000, prefix: 16 }],
    ["0.0.0.0/0", { first: 0, prefix: 0 }],
    ["255.255.255.255/32", { first: 0xffffffff, prefix: 32 }],
  ])("reads %s", (text, expected) => {
    expect(parseCidr(text)).toEqual(expected);
  });

  test.each([
    "10.20.0.0",
    "10.20.0.0/33",
    "10.20.0.256/32",
    "10.20.0.5/16",
    "010.20.0.0/16",
    "10.20.0.0/016",
    "10.20.0/16",
    " 10.20.0.0/16",
    "10.20.0.0/16\n",
    "::/0",
    "",
  ])("refuses %j", text => {
    expect(parseCidr(text)).toBeUndefined();
  });

  test("reads back what it wrote", () => {
    void fc.assert(
      fc.property(cidr, range => {
        expect(parseCidr(formatCidr(range))).toEqual(range);
      }),
    );
  });

  test("never throws", () => {
    void fc.assert(fc.property(fc.string(), text => void parseCidr(text)));
  });
});

describe("ranges", () => {
  test("overlap is symmetric and reflexive", () => {
    void fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(overlaps(a, a)).toBe(true);
      }),
    );
  });

  test("CIDR ranges are nested or apart: they overlap exactly when one contains the other", () => {
    void fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(overlaps(a, b)).toBe(contains(a, b) || contains(b, a));
      }),
    );
  });

  test("containment agrees with the bits of the addresses", () => {
    void fc.assert(
      fc.property(pair, ([outer, inner]) => {
        const same =
          Math.floor(outer.first / 2 ** (32 - outer.prefix)) === Math.floor(inner.first / 2 ** (32 - outer.prefix));
        expect(contains(outer, inner)).toBe(inner.prefix >= outer.prefix && same);
      }),
    );
  });

  test("neighbours share no address", () => {
    void fc.assert(
      fc.property(
        cidr.filter(range => lastAddress(range) < 2 ** 32 - 1),
        range => {
          expect(overlaps(range, { first: lastAddress(range) + 1, prefix: 32 })).toBe(false);
        },
      ),
    );
  });
});

test.each([
  ["10.0.0.0/8", true],
  ["172.31.0.0/16", true],
  ["192.168.255.0/24", true],
  ["172.32.0.0/16", false],
  ["10.0.0.0/7", false],
  ["100.64.0.0/16", false],
  ["0.0.0.0/0", false],
])("isPrivate %s: %s", (text, expected) => {
  const range = parseCidr(text);
  expect(range && isPrivate(range)).toBe(expected);
});
