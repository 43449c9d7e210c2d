// Egress ranges: explicit, on the internet, in one spelling, and only for machines (CP-7).
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { egressRange, isIpv6Range, leavesHome } from "../../../src/workload/egress-range";
import { overlap, parseRange } from "../../../src/workload/ip-range";

const accepts = (cidr: string) => egressRange.safeParse({ cidr, description: "Somebody" }).success;
const faultOf = (cidr: string) => egressRange.safeParse({ cidr, description: "Somebody" }).error?.issues[0]?.message;

test.each(["149.154.160.0/20", "142.240.0.0/12", "91.108.4.1/32", "2001:67c:4e8::/48", "2a00:1450::/32", "2600::/28"])(
  "%s is a range of the internet",
  cidr => expect(accepts(cidr)).toBe(true),
);

test.each([
  ["149.154.160.0", "is no range"],
  ["149.154.160.1/20", "from its first address on"],
  ["149.154.160.0/33", "is no range"],
  ["0149.154.160.0/20", "is no range"],
  ["2001:067c:4e8::/48", "in its shortest spelling"],
  ["2001:67C:4e8::/48", "is no range"],
  ["2001:67c:4e8::1/48", "is no range"],
  ["::/0", "wider than an allowlist may be"],
  ["0.0.0.0/0", "wider than an allowlist may be"],
  ["142.0.0.0/8", "/12 and narrower in IPv4"],
  ["2a00::/16", "/28 and narrower in IPv6"],
  ["10.1.0.0/16", "is not on the internet"],
  ["192.160.0.0/12", "is not on the internet"],
  ["169.254.169.254/32", "is not on the internet"],
  ["224.0.0.0/24", "is not on the internet"],
  ["fd00::/48", "is not on the internet"],
  ["fe80::/64", "is not on the internet"],
  ["2001:db8::/32", "is not on the internet"],
])("%s is refused: %s", (cidr, message) => expect(faultOf(cidr)).toContain(message));

test.each(["", "-x", "a\nb", "naïve", "x".repeat(41)])("a description is a short plain name, not %j", description => {
  expect(egressRange.safeParse({ cidr: "149.154.160.0/20", description }).success).toBe(false);
});

test("the family shows in the range", () => {
  expect(isIpv6Range({ cidr: "2a00:1450::/32" })).toBe(true);
  expect(isIpv6Range({ cidr: "149.154.160.0/20" })).toBe(false);
});

test.each<[boolean, string[], string[], unknown]>([
  [false, [], [], undefined],
  [true, ["a.example"], [], undefined],
  [true, [], ["149.154.160.0/20"], undefined],
  [true, [], [], {}],
])("leaves home: %s", (leaves, egress, egressRanges, machine) => {
  expect(leavesHome({ network: { egress, egressRanges }, machine })).toBe(leaves);
});

describe("arithmetic", () => {
  const range4 = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }))
    .map(([address, prefix]) => {
      const first = address - (address % 2 ** (32 - prefix));
      return {
        first,
        prefix,
        text: `${[24, 16, 8, 0].map(b => Math.floor(first / 2 ** b) % 256).join(".")}/${prefix}`,
      };
    });

  test("every IPv4 range is read as the numbers it was written from", () => {
    fc.assert(
      fc.property(range4, ({ first, prefix, text }) => {
        const last = BigInt(first) + 2n ** BigInt(32 - prefix) - 1n;
        expect(parseRange(text)).toEqual({ family: 4, prefix, first: BigInt(first), last });
      }),
    );
  });

  test("two ranges overlap exactly if one holds the other's first address", () => {
    fc.assert(
      fc.property(range4, range4, (one, other) => {
        const [a, b] = [parseRange(one.text), parseRange(other.text)];
        if (!a || !b) throw new Error("unreadable");
        const holds = (x: typeof a, y: typeof a) => x.first <= y.first && y.first <= x.last;
        expect(overlap(a, b)).toBe(holds(a, b) || holds(b, a));
      }),
    );
  });

  test("IPv6 groups stand where `::` leaves them", () => {
    expect(parseRange("2001:db8::1/128")?.first).toBe(0x20010db8000000000000000000000001n);
    expect(parseRange("::1/128")?.first).toBe(1n);
    expect(parseRange("1:2:3:4:5:6:7:8/128")?.first).toBe(0x00010002000300040005000600070008n);
  });
});
