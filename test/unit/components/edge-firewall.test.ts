import { expect, test } from "vitest";
import { EdgeFirewall, type EdgeFirewallArgs, firewallRules } from "../../../src/components/aws/edge-firewall";
import { only } from "../record";
import { recordTypes } from "./samples";

const types = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:wafv2/webAcl:WebAcl",
  "aws:wafv2/webAclAssociation:WebAclAssociation",
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
];
const build = (changes: Partial<EdgeFirewallArgs> = {}) =>
  recordTypes(
    types,
    () =>
      new EdgeFirewall("sanctum", {
        loadBalancerArn: "arn:lb",
        logKeyArn: "arn:key/logs",
        logRetentionDays: 90,
        ...changes,
      }),
  );

test("it stands before the load balancer", async () => {
  const registered = await build();
  expect(only(registered, "aws:wafv2/webAclAssociation:WebAclAssociation").inputs).toEqual({
    resourceArn: "arn:lb",
    webAclArn: "arn:aws:mock:::sanctum",
  });
  expect(only(registered, "aws:wafv2/webAcl:WebAcl").inputs.scope).toBe("REGIONAL");
});

test("its log is encrypted and holds neither tokens nor sessions", async () => {
  const registered = await build();
  expect(only(registered, "aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
    name: "aws-waf-logs-sanctum",
    kmsKeyId: "arn:key/logs",
    retentionInDays: 90,
  });
  expect(
    only(registered, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs.redactedFields,
  ).toEqual([{ singleHeader: { name: "authorization" } }, { singleHeader: { name: "cookie" } }, { queryString: {} }]);
  const acl = only(registered, "aws:wafv2/webAcl:WebAcl").inputs;
  expect(JSON.stringify(acl)).not.toContain('"sampledRequestsEnabled":true');
});

test("floods first, then the managed groups, none of them only counted", () => {
  const rules = firewallRules(500, "block");
  expect(rules.map(rule => rule.name)).toEqual([
    "rate-limit",
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
  ]);
  expect(rules[0]).toMatchObject({
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: { rateBasedStatement: { limit: 500, evaluationWindowSec: 300 } },
  });
  expect(new Set(rules.map(rule => rule.priority)).size).toBe(rules.length);
  expect(JSON.stringify(rules)).not.toContain("count");
});

test("large bodies pass only where that is asked for", () => {
  const common = firewallRules(500, "count").find(rule => rule.name === "AWSManagedRulesCommonRuleSet");
  expect(common).toMatchObject({
    statement: {
      managedRuleGroupStatement: {
        ruleActionOverrides: [{ name: "SizeRestrictions_BODY", actionToUse: { count: {} } }],
      },
    },
  });
});

test("a host with large bodies has the core rule set count them, and the others' refused", async () => {
  const host = { name: "a", hostName: "a.example.com", largeBodies: true };
  const rules = JSON.stringify(only(await build({ hosts: [host] }), "aws:wafv2/webAcl:WebAcl").inputs.rules);
  expect(rules).toContain('{"actionToUse":{"count":{}},"name":"SizeRestrictions_BODY"}');
  expect(rules).toContain('"responseCode":413');
  expect(JSON.stringify(only(await build(), "aws:wafv2/webAcl:WebAcl").inputs.rules)).not.toContain("413");
});

test("hosts that need more than a web ACL has are refused before anything is registered", async () => {
  const quotas = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`t${i}`, 100 + i]));
  const host = { name: "a", hostName: "a.example.com", largeBodies: false };
  await expect(
    build({ hosts: [{ ...host, quotas: { header: "x-tenant-id", requestsPerMinute: quotas } }] }),
  ).rejects.toThrow("10 different quotas (`a` with 10 tenants); AWS WAF allows 9");
});

test.each([9, 2_000_000_001, 1.5])("a rate of %d is refused", limit => {
  expect(() => firewallRules(limit, "block")).toThrow("`rateLimit`");
});
