// Unit tests: an address plan is accepted exactly if its blocks are blocks, lie in the VPC and do not overlap.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requireAddressPlan, type Zone } from "../../../src/components/aws/address-plan";

const address = (value: number) => [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join(".");

/** A VPC block and subnets cut from it one after the other. */
const plan = fc
  .record({
    prefix: fc.integer({ min: 16, max: 24 }),
    network: fc.nat(2 ** 16 - 1),
    bits: fc.integer({ min: 3, max: 4 }),
    zones: fc.integer({ min: 2, max: 2 }),
  })
  .map(({ prefix, network, bits, zones }) => {
    const size = 2 ** (32 - prefix);
    const base = (network % 2 ** prefix) * size;
    const step = size / 2 ** bits;
    const subnet = (i: number) => `${address(base + i * step)}/${prefix + bits}`;
    return {
      cidr: `${address(base)}/${prefix}`,
      next: `${address((base + size) % 2 ** 32)}/${prefix + bits}`,
      zones: Array.from({ length: zones }, (_, z): Zone => {
        const [publicCidr, privateCidr, dataCidr] = [subnet(3 * z), subnet(3 * z + 1), subnet(3 * z + 2)];
        return { name: `zone-${z}`, publicCidr, privateCidr, dataCidr };
      }),
    };
  });

const tier = fc.constantFrom("publicCidr", "privateCidr", "dataCidr");

/** The plan with one block of one zone replaced. */
function replaced(zones: readonly Zone[], at: number, changes: Partial<Zone>): Zone[] {
  return zones.map((zone, i) => (i === at ? { ...zone, ...changes } : zone));
}

describe("property", () => {
  test("blocks cut one after the other fit", () => {
    void fc.assert(fc.property(plan, ({ cidr, zones }) => requireAddressPlan(cidr, zones)));
  });

  test("a block taken twice overlaps", () => {
    void fc.assert(
      fc.property(plan, tier, tier, ({ cidr, zones }, from, to) => {
        const taken = zones[0]?.[from];
        expect(() => requireAddressPlan(cidr, replaced(zones, 1, { [to]: taken }))).toThrow(
          `\`zones[1].${to}\` is \`${taken}\` and overlaps \`zones[0].${from}\``,
        );
      }),
    );
  });

  test("the block after the VPC's is outside", () => {
    void fc.assert(
      fc.property(plan, tier, ({ cidr, next, zones }, at) => {
        expect(() => requireAddressPlan(cidr, replaced(zones, 0, { [at]: next }))).toThrow(
          `\`zones[0].${at}\` is \`${next}\`; allowed are blocks within \`cidr\` \`${cidr}\``,
        );
      }),
    );
  });

  test("a VPC whose address has host bits is none", () => {
    void fc.assert(
      fc.property(fc.integer({ min: 16, max: 28 }), fc.nat(2 ** 32 - 1), (prefix, value) => {
        fc.pre(value % 2 ** (32 - prefix) !== 0);
        expect(() => requireAddressPlan(`${address(value)}/${prefix}`, [])).toThrow("`cidr` is");
      }),
    );
  });
});

test.each([
  "",
  "10.20.0.0",
  "10.20.0.0/15",
  "10.20.0.0/29",
  "10.20.0.1/16",
  "10.256.0.0/16",
  "10.20.0/16",
  "10.20.0.0/16 ",
  "fd00::/56",
])("`%s` is no block of a VPC", cidr => {
  expect(() => requireAddressPlan(cidr, [])).toThrow(`\`cidr\` is \`${cidr}\`; allowed is an IPv4 block of /16 to /28`);
});

test("a larger block around another overlaps it", () => {
  const zone = { name: "a", publicCidr: "10.20.4.0/24", privateCidr: "10.20.0.0/20", dataCidr: "10.20.16.0/24" };
  expect(() => requireAddressPlan("10.20.0.0/16", [zone])).toThrow(
    "`zones[0].privateCidr` is `10.20.0.0/20` and overlaps `zones[0].publicCidr` `10.20.4.0/24`",
  );
});
