// Unit tests: a machine's way out is a list of named ranges (CP-7).
import { expect, test } from "vitest";
import { machineBases } from "../../../src/components/aws/machine-base";
import { machinePeers } from "../../../src/components/aws/machine-egress";
import { parseRange } from "../../../src/workload/ip-range";
import { machineService } from "./machine-samples";

test("each range is a rule of its own, named for who is there, and so are the archives", () => {
  expect(machinePeers(machineService(), true)).toEqual([
    { name: "telegram-149-154-160-0-20", peer: { cidrIpv4: "149.154.160.0/20" }, port: 443 },
    { name: "telegram-2001-67c-4e8-48", peer: { cidrIpv6: "2001:67c:4e8::/48" }, port: 443 },
    { name: "ubuntu-archive-91-189-88-0-21", peer: { cidrIpv4: "91.189.88.0/21" }, port: 80 },
    { name: "ubuntu-archive-185-125-188-0-22", peer: { cidrIpv4: "185.125.188.0/22" }, port: 80 },
    { name: "ubuntu-archive-2620-2d-4000-44", peer: { cidrIpv6: "2620:2d:4000::/44" }, port: 80 },
  ]);
});

test("without an address in IPv6 there are none of its rules", () => {
  const peers = machinePeers(machineService(), false);
  expect(peers).toHaveLength(3);
  expect(peers.every(({ peer }) => "cidrIpv4" in peer)).toBe(true);
});

test.each(Object.entries(machineBases))("the ranges of %s are ranges", (_, { ranges }) => {
  for (const range of ranges) expect(parseRange(range), range).toBeDefined();
});
