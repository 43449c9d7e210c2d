import { isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ipv6Subnet } from "../../../src/components/aws/ipv6-plan";
import { parseRange } from "../../../src/workload/ip-range";

test.each([
  ["2a05:d014:abc:de00::/56", 0, "2a05:d014:abc:de00::/64"],
  ["2a05:d014:abc:de00::/56", 2, "2a05:d014:abc:de02::/64"],
  ["2a05:d014:abc:de00::/56", 255, "2a05:d014:abc:deff::/64"],
  ["2a05:d014:abc::/56", 0, "2a05:d014:abc::/64"],
  ["2a05:d014:abc::/56", 1, "2a05:d014:abc:1::/64"],
  ["2a05:d014::/56", 10, "2a05:d014:0:a::/64"],
])("%s has as subnet %i %s", (block, index, expected) => expect(ipv6Subnet(block, index)).toBe(expected));

test("subnets lie within their block, apart from each other, in AWS's spelling", () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(fc.tuple(group, group, fc.integer({ min: 0, max: 255 })), fc.integer({ min: 0, max: 255 }), (g, i) => {
      const text = `2a05:${g[0].toString(16)}:${g[1].toString(16)}:${(g[2] * 256).toString(16)}::`;
      const vpc = `${new URL(`http://[${text}]`).hostname.slice(1, -1)}/56`;
      const subnet = ipv6Subnet(vpc, i);
      expect(isIPv6(subnet.split("/")[0] ?? "")).toBe(true);
      const [outer, inner] = [parseRange(vpc), parseRange(subnet)];
      expect(inner?.prefix).toBe(64);
      expect((inner?.first ?? 0n) - (outer?.first ?? 0n)).toBe(BigInt(i) << 64n);
    }),
  );
});

test.each([
  ["10.0.0.0/16", 0, "`vpcBlock` is `10.0.0.0/16`"],
  ["2a05:d014:abc:de00::/60", 0, "allowed is an IPv6 block of /56"],
  ["2a05:d014:abc:de01::/56", 0, "`vpcBlock`"],
  ["2a05:d014:abc:de00::/56", 256, "`index` is 256"],
])("refuses %s, %i", (block, index, message) => expect(() => ipv6Subnet(block, index)).toThrow(message));
