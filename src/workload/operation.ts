// Workload model: how a service lives. Health, start, stop, scaling, objectives.
import { z } from "zod";
import { metricObjective } from "./metric";
import { dnsLabel } from "./names";

/** Gates traffic and replaces a replica that fails (RT-2, IS-2, SA-12). */
export const health = z.strictObject({
  /** Path that answers with a success where all is well, over the loopback interface too (RT-2, IS-2). */
  path: z.string().regex(/^\/[\w./-]*$/, "an absolute URL path, such as `/healthz`"),
  /** Name of the port that is asked (RT-2). */
  port: dnsLabel,
  /** Seconds from one check to the next; 15 unless given (SA-12). */
  intervalSeconds: z.int().min(5).max(300).default(15),
  /** Seconds until no answer is a failure, fewer than the interval; 5 unless given (SA-12). */
  timeoutSeconds: z.int().min(1).max(60).default(5),
  /** Successes in a row that let traffic in; 2 unless given (RT-2). */
  healthyAfter: z.int().min(2).max(10).default(2),
  /** Failures in a row that replace the replica; 3 unless given (SA-12). */
  unhealthyAfter: z.int().min(2).max(10).default(3),
  /** Seconds a replica may take to come up before failures count; 60 unless given (SA-10). */
  graceSeconds: z.int().min(0).max(900).default(60),
});

export const lifecycle = z.strictObject({
  /** Runs to a zero exit before the process starts, e.g. `--check-config` (RT-2, RT-15). */
  checkCommand: z.array(z.string()).min(1).optional(),
  /** SIGTERM, then this long to drain before SIGKILL (RT-4). Fargate allows at most 120. */
  stopTimeoutSeconds: z.int().min(1).max(120).default(30),
  /** More restarts than this in the window stop the service and raise an alarm (RT-5). */
  restartBudget: z
    .strictObject({ restarts: z.int().min(1).max(100), windowMinutes: z.int().min(1).max(1440) })
    .default({ restarts: 5, windowMinutes: 15 }),
});

const scalingTarget = z.discriminatedUnion("metric", [
  z.strictObject({ metric: z.literal("cpu"), percent: z.int().min(10).max(90) }),
  z.strictObject({ metric: z.literal("memory"), percent: z.int().min(10).max(90) }),
  z.strictObject({ metric: z.literal("requests-per-replica"), perMinute: z.int().min(1) }),
  z.strictObject({ metric: z.literal("queue-wait"), milliseconds: z.int().min(1) }),
  z.strictObject({ metric: z.literal("latency-p95"), milliseconds: z.int().min(1) }),
]);
export type ScalingTarget = z.infer<typeof scalingTarget>;

export const scaling = z
  .strictObject({
    /** 0: replicas exist only while there is work, such as a burst of GPU jobs (CP-12). */
    minReplicas: z.int().min(0).max(100),
    /** Most replicas the autoscaler may start; a cap on what a burst costs (SA-12, CP-12). */
    maxReplicas: z.int().min(1).max(1000),
    /** What adds and removes replicas; 60 % of CPU unless given (SA-12). */
    targets: z.array(scalingTarget).default([{ metric: "cpu", percent: 60 }]),
    /** `active-passive`: one replica holds a lease and works, the others wait for it (RT-30). */
    mode: z.enum(["all-active", "active-passive"]).default("all-active"),
    /** Load the service sheds through its own configuration before compute is added (RT-7). */
    backPressure: z
      .strictObject({ cpuPercent: z.int().min(10).max(95), latencyP95Milliseconds: z.int().min(1) })
      .optional(),
  })
  .refine(s => s.minReplicas <= s.maxReplicas, {
    message: "`minReplicas` is above `maxReplicas`",
    path: ["minReplicas"],
  });

/** Traces in OpenTelemetry's terms; each stack decides how many are kept (RT-25). */
export const tracing = z.strictObject({
  /** Attributes each span carries; none unless given (RT-25). */
  attributes: z.array(z.string().regex(/^[a-z][a-z0-9_.]*$/)).default([]),
  /** Spans that are kept whatever the sampling: those with this attribute value; none unless given (RT-25). */
  alwaysKeep: z.record(z.string(), z.string()).default({}),
});

/** Objectives the alarms are made from (SA-12, RT-22). */
export const objectives = z.strictObject({
  /** 95th percentile of the latency in milliseconds; 1000 unless given (RT-22). */
  latencyP95Milliseconds: z.int().min(1).default(1000),
  /** Server errors among requests, in percent, above which the alarm rings; 1 unless given (SA-12). */
  errorPercent: z.number().positive().max(100).default(1),
  /** Limits of metrics it publishes, e.g. fatal A2A failures; none unless given (RT-22). */
  metrics: z.array(metricObjective).default([]),
});
