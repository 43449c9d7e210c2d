// Unit tests: whatever stops a machine's work rings (CP-12, RT-5, RT-22).
import { expect, test } from "vitest";
import { MachineAlarms } from "../../../src/components/aws/machine-alarms";
import { only } from "../record";
import { machineService } from "./machine-samples";
import { recordTypes } from "./samples";

const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const metricDimensions = { Environment: "dev", Service: "bot", Workload: "sample" };
const build = (service = machineService()) =>
  recordTypes(
    [alarm],
    () =>
      new MachineAlarms("bot", {
        serviceName: "bot",
        service,
        groupName: "group-1",
        metricDimensions,
        topicArn: "arn:topic",
      }),
  );

test("fewer healthy units than there should be, or no word of them, is an alarm", async () => {
  expect(only(await build(), alarm, "bot-units").inputs).toMatchObject({
    namespace: "Palisade",
    metricName: "units.running",
    dimensions: metricDimensions,
    statistic: "Minimum",
    comparisonOperator: "LessThanThreshold",
    threshold: 2,
    treatMissingData: "breaching",
    alarmActions: ["arn:topic"],
  });
});

test("so are failed status checks, missing machines, and a machine that is too small", async () => {
  const all = await build();
  expect(only(all, alarm, "bot-status-check").inputs).toMatchObject({
    namespace: "AWS/EC2",
    metricName: "StatusCheckFailed",
    dimensions: { AutoScalingGroupName: "group-1" },
  });
  expect(only(all, alarm, "bot-machines").inputs).toMatchObject({ threshold: 1, treatMissingData: "breaching" });
  expect(only(all, alarm, "bot-cpu").inputs).toMatchObject({ metricName: "CPUUtilization", threshold: 85 });
});

test("the process's own objectives are watched as everywhere", async () => {
  const objectives = { metrics: [{ name: "script.failed", limit: 3, windowMinutes: 5 }] };
  const names = (await build(machineService({ objectives }))).filter(r => r.type === alarm).map(r => r.name);
  expect(names).toEqual(expect.arrayContaining(["bot-latency-p95", "bot-metric-script-failed"]));
});
