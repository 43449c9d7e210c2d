import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EdgeRoute, type EdgeRouteArgs, rulePriorities } from "../../../src/components/aws/edge-route";
import { only } from "../record";
import { recordTypes, sampleService } from "./samples";

const types = ["aws:lb/listenerRule:ListenerRule", "aws:lb/targetGroup:TargetGroup"];
const args: EdgeRouteArgs = {
  service: sampleService({
    network: { exposure: "public" },
    ports: [
      { name: "api", number: 8443 },
      { name: "ops", number: 9443 },
    ],
    health: { path: "/healthz", port: "ops", intervalSeconds: 10, timeoutSeconds: 1 },
    lifecycle: { stopTimeoutSeconds: 45 },
  }),
  vpcId: "vpc-1",
  listenerArn: "arn:listener",
  hostNames: ["api.example.com"],
  priority: 10,
};
const build = (changes: Partial<EdgeRouteArgs> = {}, name = "sample") =>
  recordTypes(types, () => new EdgeRoute(name, { ...args, ...changes }));

test("the edge speaks TLS to the task, and asks where the specification says", async () => {
  expect(only(await build(), "aws:lb/targetGroup:TargetGroup").inputs).toMatchObject({
    targetType: "ip",
    port: 8443,
    protocol: "HTTPS",
    deregistrationDelay: 45,
    healthCheck: { path: "/healthz", port: "9443", protocol: "HTTPS", interval: 10, timeout: 2, matcher: "200" },
  });
});

test("only its host names lead to it", async () => {
  expect(only(await build(), "aws:lb/listenerRule:ListenerRule").inputs).toMatchObject({
    listenerArn: "arn:listener",
    priority: 10,
    conditions: [{ hostHeader: { values: ["api.example.com"] } }],
    actions: [{ type: "forward", targetGroupArn: "arn:aws:mock:::sample" }],
  });
});

test("the target group's name fits", async () => {
  const { name } = only(
    await build({}, "a-workload-name-of-length-production-service"),
    "aws:lb/targetGroup:TargetGroup",
  );
  expect(`${name}-0123456`.length).toBeLessThanOrEqual(32);
});

test.each([
  [{ hostNames: [] }, "`hostNames` has 0 names"],
  [{ priority: 0 }, "`priority` is 0"],
  [{ service: sampleService({ ports: [{ name: "api", number: 8443, protocol: "tcp" as const }] }) }, "speaks `tcp`"],
  [{ service: { ...sampleService(), health: undefined } }, "needs `ports` and `health`"],
])("case %#", async (changes, message) => {
  await expect(build(changes)).rejects.toThrow(message);
});

describe("rulePriorities", () => {
  const names = fc.uniqueArray(fc.domain(), { maxLength: 40 });

  test("are different, within the listener's bounds, and the same in any order of names", () => {
    fc.assert(
      fc.property(names, hostNames => {
        const priorities = rulePriorities(hostNames);
        expect(new Set(priorities.values()).size).toBe(hostNames.length);
        for (const priority of priorities.values()) expect(priority >= 1 && priority <= 50_000).toBe(true);
        expect(rulePriorities([...hostNames].reverse())).toEqual(priorities);
      }),
    );
  });

  test("a name that draws a taken number gets the next", () => {
    // Of 1200 names some draw alike.
    const many = Array.from({ length: 1200 }, (_, i) => `w${i}.example.com`);
    expect(new Set(rulePriorities(many).values()).size).toBe(many.length);
  });
});
