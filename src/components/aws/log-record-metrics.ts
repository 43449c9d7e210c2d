// AWS components: metrics out of the log records of one service: how many ended in an error, and how long they took (RT-23, RT-24).
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { logErrorMetric, logLatencyMetric, metricNamespace } from "./metrics";

export interface LogRecordMetricsArgs {
  /** Log group whose lines are records of `src/workload/log-record.ts`; other lines are passed over. */
  logGroupName: pulumi.Input<string>;
  /** Values of the records' fields `env`, `workload` and `service`; the metrics' dimensions. */
  environment: string;
  workload: string;
  service: string;
}

export class LogRecordMetrics extends pulumi.ComponentResource {
  constructor(name: string, args: LogRecordMetricsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:LogRecordMetrics", name, {}, options);
    for (const [key, { condition, metric, value, unit }] of Object.entries(filters))
      new cloudwatch.LogMetricFilter(
        `${name}-${key}`,
        {
          logGroupName: args.logGroupName,
          pattern: pattern(condition, args),
          metricTransformation: {
            namespace: metricNamespace,
            name: metric,
            value,
            unit,
            // Three is all that CloudWatch allows; `pattern` holds each of them to one value, so each makes one metric.
            dimensions: { Environment: "$.env", Service: "$.service", Workload: "$.workload" },
          },
        },
        { parent: this },
      );
    this.registerOutputs({});
  }
}

const filters = {
  errors: { condition: '$.status = "error"', metric: logErrorMetric, value: "1", unit: "Count" },
  latency: { condition: "$.latency_ms >= 0", metric: logLatencyMetric, value: "$.latency_ms", unit: "Milliseconds" },
};

function pattern(condition: string, { environment, workload, service }: LogRecordMetricsArgs): string {
  const origin = Object.entries({ env: environment, workload, service }).map(([field, is]) => `$.${field} = "${is}"`);
  return `{ ${[condition, ...origin].map(part => `(${part})`).join(" && ")} }`;
}
