// Unit tests: retention CloudWatch accepts, encryption, and subscriptions to each stream of the sink.
import * as pulumi from "@pulumi/pulumi";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cloudwatchRetention, LogStream, type LogStreamArgs } from "../../../src/components/aws/log-stream";
import { only } from "../record";
import { recordTypes } from "./samples";

const group = "aws:cloudwatch/logGroup:LogGroup";
const filter = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter";
const base = { logGroupName: "/palisade/prod/sanctum/backend", retentionDays: 90, keyArn: "arn:aws:kms:::key/k" };
const sink = (...purposes: string[]) => ({
  streams: Object.fromEntries(purposes.map(p => [p, pulumi.output(`arn:aws:firehose:::${p}`)])),
  subscriptionRoleArn: pulumi.output("arn:aws:iam:::role/subscription"),
});

const build = (args: Partial<LogStreamArgs> = {}) =>
  recordTypes([group, filter], () => new LogStream("app", { ...base, ...args }));

describe("cloudwatchRetention", () => {
  test.each([
    [1, 1],
    [2, 3],
    [14, 14],
    [15, 30],
    [90, 90],
    [91, 120],
    [366, 400],
    [3653, 3653],
  ])("%i days are kept for %i", (days, period) => {
    expect(cloudwatchRetention(days)).toBe(period);
  });

  test("never falls short, is stable and grows with the days", () => {
    void fc.assert(
      fc.property(fc.integer({ min: 1, max: 3653 }), fc.integer({ min: 1, max: 3653 }), (a, b) => {
        const [period, other] = [cloudwatchRetention(a), cloudwatchRetention(b)];
        expect(period).toBeGreaterThanOrEqual(a);
        expect(cloudwatchRetention(period)).toBe(period);
        if (a <= b) expect(period).toBeLessThanOrEqual(other);
      }),
    );
  });

  test.each([0, -1, 3654, Number.NaN, Number.POSITIVE_INFINITY])("%d days cannot be kept", days => {
    expect(() => cloudwatchRetention(days)).toThrow(/`retentionDays` is .*1 to 3653/);
  });
});

test("the log group has the fixed name, a period CloudWatch knows, and the key", async () => {
  const registered = await build({ retentionDays: 100 });
  expect(only(registered, group).inputs).toMatchObject({
    name: base.logGroupName,
    retentionInDays: 120,
    kmsKeyId: base.keyArn,
  });
  expect(registered.filter(r => r.type === filter)).toEqual([]);
});

test("every event goes to every stream of the sink", async () => {
  const registered = await build({ sink: sink("archive", "siem") });
  for (const purpose of ["archive", "siem"])
    expect(only(registered, filter, `app-${purpose}`).inputs).toMatchObject({
      logGroup: base.logGroupName,
      filterPattern: "",
      destinationArn: `arn:aws:firehose:::${purpose}`,
      roleArn: "arn:aws:iam:::role/subscription",
    });
});

test("refuses a third subscription and names CloudWatch does not take", async () => {
  await expect(build({ sink: sink("a", "b", "c") })).rejects.toThrow("`sink` has 3 streams");
  await expect(build({ logGroupName: "/palisade/prod app" })).rejects.toThrow("`logGroupName` is");
  await expect(build({ logGroupName: "x".repeat(513) })).rejects.toThrow("`logGroupName` is");
});
