import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostCapacity, requireHosts } from "../../../src/components/aws/edge-capacity";
import {
  type EdgeHost,
  edgeHost,
  hostRules,
  limits,
  rate,
  tenantPatterns,
} from "../../../src/components/aws/edge-hosts";
import { defineWorkload } from "../../../src/workload/workload";
import { sampleService } from "./samples";

const tenanted = (requestsPerMinute: Record<string, number>, changes: Partial<EdgeHost> = {}): EdgeHost => ({
  name: "vault",
  hostName: "vault.example.com",
  largeBodies: false,
  quotas: { header: "x-tenant-id", requestsPerMinute },
  ...changes,
});
const tenantId = fc.stringMatching(/^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/);
const tenantIds = fc.uniqueArray(tenantId, { minLength: 1, maxLength: 60 });
const taken = { capacityUnits: 1127, rateBasedRules: 1 };

test("who names no tenant of the stack is refused, and each tenant is counted by itself (SP-9)", () => {
  const [unknown, quota, ...more] = hostRules([tenanted({ acme: 60, globex: 60 })]);
  expect(more).toEqual([]);
  const host = {
    byteMatchStatement: {
      fieldToMatch: { singleHeader: { name: "host" } },
      positionalConstraint: "STARTS_WITH",
      searchString: "vault.example.com",
      textTransformations: [{ priority: 0, type: "LOWERCASE" }],
    },
  };
  const known = {
    regexMatchStatement: { fieldToMatch: { singleHeader: { name: "x-tenant-id" } }, regexString: "^(acme|globex)$" },
  };
  expect(unknown).toMatchObject({
    action: { block: { customResponse: { responseCode: 400 } } },
    statement: { andStatement: { statements: [host, { notStatement: { statements: [known] } }] } },
  });
  expect(quota).toMatchObject({
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: {
      rateBasedStatement: {
        aggregateKeyType: "CUSTOM_KEYS",
        customKeys: [{ header: { name: "x-tenant-id" } }],
        limit: 60,
        evaluationWindowSec: 60,
        scopeDownStatement: { andStatement: { statements: [host, known] } },
      },
    },
  });
});

test("a tenant with a quota of its own is counted by a rule of its own, and by no other", () => {
  const rules = hostRules([tenanted({ acme: 60, globex: 600, initech: 60 })]).filter(
    ({ statement }) => statement && "rateBasedStatement" in statement,
  );
  expect(rules.map(rule => rule.name)).toEqual(["vault-tenant-quota-60", "vault-tenant-quota-600"]);
  expect(JSON.stringify(rules[0])).toContain('"^(acme|initech)$"');
  expect(JSON.stringify(rules[1])).toContain('"^(globex)$"');
});

test("priorities and names are each had once, after those of the managed groups", () => {
  const other = tenanted({ acme: 1 }, { name: "other", hostName: "other.example.com", largeBodies: true });
  const rules = hostRules([tenanted({ acme: 60, b: 61 }), other]);
  expect(new Set(rules.map(rule => rule.priority)).size).toBe(rules.length);
  expect(new Set(rules.map(rule => rule.name)).size).toBe(rules.length);
  for (const { priority } of rules) expect(priority).toBeGreaterThan(40);
});

test("large bodies are refused for every host but those that take them", () => {
  const a = { name: "a", hostName: "a.example.com", largeBodies: true };
  const b = { name: "b", hostName: "b.example.com", largeBodies: true };
  expect(hostRules([{ ...a, largeBodies: false }])).toEqual([]);
  const [rule] = hostRules([a, b, { name: "c", hostName: "c.example.com", largeBodies: false }]);
  const text = JSON.stringify(rule);
  for (const name of ["a.example.com", "b.example.com", '"size":8192']) expect(text).toContain(name);
  expect(text).not.toContain("c.example.com");
});

describe("tenantPatterns", () => {
  test("match their tenants and nobody else, within AWS WAF's length", () => {
    fc.assert(
      fc.property(tenantIds, tenantId, (tenants, other) => {
        const patterns = tenantPatterns(tenants);
        for (const pattern of patterns) expect(pattern.length).toBeLessThanOrEqual(limits.patternCharacters);
        const known = (name: string) => patterns.some(pattern => new RegExp(pattern).test(name));
        for (const tenant of tenants) expect(known(tenant)).toBe(true);
        expect(known(other)).toBe(tenants.includes(other));
        expect(known("")).toBe(false);
      }),
    );
  });
});

test("a quota is kept as closely as AWS WAF can, and never below ten requests a window", () => {
  expect(rate(60)).toEqual({ limit: 60, evaluationWindowSec: 60 });
  expect(rate(3)).toEqual({ limit: 15, evaluationWindowSec: 300 });
  expect(rate(1)).toEqual({ limit: 10, evaluationWindowSec: 600 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), perMinute => {
      const { limit, evaluationWindowSec } = rate(perMinute);
      expect([60, 120, 300, 600]).toContain(evaluationWindowSec);
      expect(limit).toBeGreaterThanOrEqual(10);
      expect((limit * 60) / evaluationWindowSec).toBe(perMinute);
    }),
  );
});

describe("capacity", () => {
  /** Counts what the rules themselves hold, as AWS WAF does. */
  function count(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    const own = Object.entries(value).map(([key, child]) => {
      const inner = count(child);
      if (key === "byteMatchStatement") return inner + 2;
      if (key === "regexMatchStatement") return inner + 3;
      if (key === "sizeConstraintStatement") return inner + 1;
      if (key === "rateBasedStatement") return inner + 2;
      if (key === "customKeys") return inner + 30;
      return key === "type" && child === "LOWERCASE" ? 10 : inner;
    });
    return own.reduce((sum, n) => sum + n, 0);
  }

  test("is that of the rules that are made", () => {
    const quotas = fc.dictionary(tenantId, fc.constantFrom(60, 120, 600), { minKeys: 1, maxKeys: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(quotas, fc.boolean()), { maxLength: 3 }), many => {
        const hosts = many.map(([quota, largeBodies], i) =>
          tenanted(quota, { name: `w${i}`, hostName: `w${i}.example.com`, largeBodies }),
        );
        const rules = hostRules(hosts);
        expect(hostCapacity(hosts)).toEqual({
          capacityUnits: count(rules.map(rule => rule.statement)),
          rateBasedRules: rules.filter(({ statement }) => statement && "rateBasedStatement" in statement).length,
        });
      }),
    );
  });

  const tenants = (length: number, quota: (i: number) => number) =>
    tenanted(Object.fromEntries(Array.from({ length }, (_, i) => [`tenant-of-a-long-name-${i}`, quota(i)])));

  test.each([
    [tenants(9, i => 100 + i), undefined],
    [tenants(10, i => 100 + i), "10 different quotas (`vault` with 10 tenants); AWS WAF allows 9"],
    [tenants(3000, () => 60), undefined],
    [tenants(6000, () => 60), "`vault` with 6000 tenants"],
    [tenants(0, () => 60), "`vault` without tenants"],
  ])("case %#", (host, message) => {
    const check = () => requireHosts([host], taken);
    if (message) expect(check).toThrow(message);
    else expect(check).not.toThrow();
  });
});

test("a host is what its specification and its stack say", () => {
  const network = { exposure: "public" as const, largeBodies: true };
  const workload = defineWorkload({
    name: "vault",
    title: "Vault",
    services: { api: sampleService({ network }) },
    tenancy: { claim: "tenant_id", header: "x-org", requestsPerMinute: 60 },
  });
  expect(edgeHost(workload, "vault.example.com", { acme: {}, globex: { requestsPerMinute: 5 } })).toEqual({
    name: "vault",
    hostName: "vault.example.com",
    largeBodies: true,
    quotas: { header: "x-org", requestsPerMinute: { acme: 60, globex: 5 } },
  });
  expect(edgeHost({ ...workload, tenancy: undefined }, "h")).not.toHaveProperty("quotas");
});
