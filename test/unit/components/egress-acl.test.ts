import fc from "fast-check";
import { expect, test } from "vitest";
import { egressAcl, proxyVariables } from "../../../src/components/aws/egress-acl";

test("named hosts are enforced, on 443", () => {
  const acl = egressAcl({ open: false, hosts: ["a.example.com", "b.example.com"] });
  expect(JSON.parse(acl)).toEqual({ action: "enforce", hosts: ["a.example.com:443", "b.example.com:443"] });
});

test("only an open list is open, whatever the hosts", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.domain()), (open, hosts) => {
      const { action, hosts: listed } = JSON.parse(egressAcl({ open, hosts }));
      expect(action).toBe(open ? "open" : "enforce");
      expect(listed).toHaveLength(hosts.length);
      for (const host of listed) expect(host).toMatch(/:443$/);
    }),
  );
});

test("clients find the proxy under either spelling, and go past it inside", () => {
  const variables = proxyVariables("http://proxy:4750", ["ai-core"]);
  expect(variables.HTTPS_PROXY).toBe("http://proxy:4750");
  expect(variables.https_proxy).toBe(variables.HTTPS_PROXY);
  expect(variables.no_proxy).toBe(variables.NO_PROXY);
  expect(variables.NO_PROXY?.split(",")).toEqual([
    "localhost",
    "127.0.0.1",
    "169.254.170.2",
    ".amazonaws.com",
    "ai-core",
  ]);
});
