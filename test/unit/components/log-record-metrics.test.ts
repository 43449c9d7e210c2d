import { expect, test } from "vitest";
import { LogRecordMetrics } from "../../../src/components/aws/log-record-metrics";
import { logRecordSchema } from "../../../src/workload/log-record";
import { only } from "../record";
import { recordTypes } from "./samples";

const type = "aws:cloudwatch/logMetricFilter:LogMetricFilter";
const build = () =>
  recordTypes(
    [type],
    () =>
      new LogRecordMetrics("sample", {
        logGroupName: "/palisade/prod/router/poller",
        environment: "prod",
        workload: "router",
        service: "poller",
      }),
  );

test("errors are counted and latencies taken, of this service's records only (RT-23, RT-24)", async () => {
  const registered = await build();
  const origin = '($.env = "prod") && ($.workload = "router") && ($.service = "poller")';
  expect(only(registered, type, "sample-errors").inputs).toMatchObject({
    logGroupName: "/palisade/prod/router/poller",
    pattern: `{ ($.status = "error") && ${origin} }`,
    metricTransformation: { namespace: "Palisade", name: "log.error_total", value: "1", unit: "Count" },
  });
  expect(only(registered, type, "sample-latency").inputs).toMatchObject({
    pattern: `{ ($.latency_ms >= 0) && ${origin} }`,
    metricTransformation: { name: "log.latency_ms", value: "$.latency_ms", unit: "Milliseconds" },
  });
});

test("every field a filter reads is one of the record, and every dimension is held to one value", async () => {
  for (const { inputs } of (await build()).filter(r => r.type === type)) {
    const { dimensions } = inputs.metricTransformation as { dimensions: Record<string, string> };
    const read = [...String(inputs.pattern).matchAll(/\$\.(\w+)/g)].map(([, field]) => field);
    for (const field of read) expect(Object.keys(logRecordSchema.shape)).toContain(field);
    for (const field of Object.values(dimensions)) expect(inputs.pattern).toContain(`${field} = "`);
  }
});
