// AWS components: names of the metrics that workloads publish themselves; autoscaling and alarms read them (RT-24).

export const metricNamespace = "Palisade";

/** Milliseconds from a request's arrival to its answer. */
export const latencyMetric = "latency.round_trip_ms";

/** Milliseconds a piece of work waits before a replica takes it. */
export const queueWaitMetric = "queue.wait_ms";

/** Log records of a service that ended in an error, and the milliseconds that timed ones took; made from its log. */
export const logErrorMetric = "log.error_total";
export const logLatencyMetric = "log.latency_ms";
/** Tasks that died by themselves outside a rollout; the restart brake counts them (RT-5). */
export const taskDeathsMetric = "task.deaths";
