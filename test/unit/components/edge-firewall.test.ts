import { expect, test } from "vitest";
import { EdgeFirewall, firewallRules } from "../../../src/components/aws/edge-firewall";
import { only } from "../record";
import { recordTypes } from "./samples";

const types = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:wafv2/webAcl:WebAcl",
  "aws:wafv2/webAclAssociation:WebAclAssociation",
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
];
const build = () =>
  recordTypes(
    types,
    () => new EdgeFirewall("sanctum", { loadBalancerArn: "arn:lb", logKeyArn: "arn:key/logs", logRetentionDays: 90 }),
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
  ).toEqual([{ singleHeader: { name: "authorization" } }, { singleHeader: { name: "cookie" } }]);
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

test.each([9, 2_000_000_001, 1.5])("a rate of %d is refused", limit => {
  expect(() => firewallRules(limit, "block")).toThrow("`rateLimit`");
});
