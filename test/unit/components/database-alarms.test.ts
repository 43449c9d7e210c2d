import { expect, test } from "vitest";
import { DatabaseAlarms } from "../../../src/components/aws/database-alarms";
import { only } from "../record";
import { recordTypes } from "./samples";

const type = "aws:cloudwatch/metricAlarm:MetricAlarm";
const build = (instanceClass: string) =>
  recordTypes(
    [type],
    () =>
      new DatabaseAlarms("sanctum-postgres", {
        identifier: "sanctum-postgres-0a1b",
        instanceClass,
        storageGiB: 50,
        topicArn: "arn:topic",
      }),
  );

test.each([
  ["cpu", "CPUUtilization", "GreaterThanThreshold", 80],
  // A tenth of 50 GiB, in bytes.
  ["free-storage", "FreeStorageSpace", "LessThanThreshold", 5_368_709_120],
  // 80 % of 901.
  ["connections", "DatabaseConnections", "GreaterThanThreshold", 720],
])("%s", async (key, metricName, comparisonOperator, threshold) => {
  expect(only(await build("db.m7g.large"), type, `sanctum-postgres-${key}`).inputs).toMatchObject({
    namespace: "AWS/RDS",
    metricName,
    comparisonOperator,
    threshold,
    dimensions: { DBInstanceIdentifier: "sanctum-postgres-0a1b" },
    treatMissingData: "breaching",
    alarmActions: ["arn:topic"],
    okActions: ["arn:topic"],
  });
});

test("an unknown instance class is refused", async () => {
  await expect(build("large")).rejects.toThrow("`instanceClass`");
});
