// Workload model: how a service lives. Health, start, stop, scaling, objectives.
import { z } from "zod";
import { metricObjective } from "./metric";
import { dnsLabel } from "./names";

/** Gates traffic and replaces a replica that fails (RT-2, IS-2, SA-12). */
export const health = z.strictObject({
  path: z.string().regex(/^\/[\w./-]*$/, "an absolute URL path, such as `/healthz`"),
  port: dnsLabel,
  intervalSeconds: z.int().min(5).max(300).default(15),
  timeoutSeconds: z.int().min(1).max(60).default(5),
  healthyAfter: z.int().min(2).max(10).default(2),
  unhealthyAfter: z.int().min(2).max(10).default(3),
  /** Time a replica may take to come up before failures count. */
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
    maxReplicas: z.int().min(1).max(1000),
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
  /** Attributes each span carries. */
  attributes: z.array(z.string().regex(/^[a-z][a-z0-9_.]*$/)).default([]),
  /** Spans that are kept whatever the sampling: those with this attribute value. */
  alwaysKeep: z.record(z.string(), z.string()).default({}),
});

/** Objectives the alarms are made from (SA-12, RT-22). */
export const objectives = z.strictObject({
  latencyP95Milliseconds: z.int().min(1).default(1000),
  /** Server errors among requests, in percent, above which the alarm rings. */
  errorPercent: z.number().positive().max(100).default(1),
  /** Application metrics with their limits, e.g. fatal A2A failures. */
  metrics: z.array(metricObjective).default([]),
});
