// AWS components: the alarms of one service, from the objectives of its specification (SA-12, RT-22).
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { type Alarm, raise } from "./metric-alarm";
import { latencyMetric, metricNamespace } from "./metrics";

export interface ServiceAlarmsArgs {
  service: Service;
  clusterName: pulumi.Input<string>;
  /** Name of the ECS service. */
  serviceName: pulumi.Input<string>;
  /** Where the edge counts the service's requests, of a public service. */
  requests?: { loadBalancerArnSuffix: pulumi.Input<string>; targetGroupArnSuffix: pulumi.Input<string> };
  /** Dimensions under which the service publishes its own metrics. */
  metricDimensions: Record<string, string>;
  topicArn: pulumi.Input<string>;
}

export class ServiceAlarms extends pulumi.ComponentResource {
  constructor(name: string, args: ServiceAlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ServiceAlarms", name, {}, options);
    raise(name, taskAlarms(args), args.topicArn, this);
    raise(name, args.requests ? edgeAlarms(args.service, args.requests) : ownLatency(args), args.topicArn, this);
    raise(name, objectiveAlarms(args), args.topicArn, this);
    this.registerOutputs({});
  }
}

/** Three minutes of five: one slow minute wakes nobody. */
const threeOfFive = { period: 60, evaluationPeriods: 5, datapointsToAlarm: 3 };
const quarterHour = { period: 300, evaluationPeriods: 3, datapointsToAlarm: 3 };

function taskAlarms({ service, clusterName, serviceName }: ServiceAlarmsArgs): Record<string, Alarm> {
  const dimensions = { ClusterName: clusterName, ServiceName: serviceName };
  const { restarts, windowMinutes } = service.lifecycle.restartBudget;
  const utilisation = (metricName: string): Alarm => ({
    alarmDescription: `${metricName} above 85 % for a quarter of an hour: scaling has reached its end`,
    namespace: "AWS/ECS",
    metricName,
    dimensions,
    statistic: "Average",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 85,
    ...quarterHour,
    // Without tasks there is no utilisation; that they are missing is another alarm's.
    treatMissingData: "notBreaching",
  });
  return {
    // A service that is there only while there is work lacks nothing while it is not.
    ...(service.scaling.minReplicas > 0 && { "running-tasks": runningTasks(service, dimensions) }),
    restarts: {
      alarmDescription: `more than ${restarts} restarts in ${windowMinutes} minutes (RT-5)`,
      namespace: "ECS/ContainerInsights",
      metricName: "RestartCount",
      dimensions,
      statistic: "Sum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: restarts,
      ...once(windowMinutes),
      treatMissingData: "notBreaching",
    },
    cpu: utilisation("CPUUtilization"),
    memory: utilisation("MemoryUtilization"),
  };
}

function runningTasks({ scaling }: Service, dimensions: Alarm["dimensions"]): Alarm {
  return {
    alarmDescription: `fewer than ${scaling.minReplicas} tasks are running`,
    namespace: "ECS/ContainerInsights",
    metricName: "RunningTaskCount",
    dimensions,
    statistic: "Minimum",
    comparisonOperator: "LessThanThreshold",
    threshold: scaling.minReplicas,
    ...threeOfFive,
    // A service nobody reports on has no task.
    treatMissingData: "breaching",
  };
}

function edgeAlarms(
  { objectives }: Service,
  { loadBalancerArnSuffix, targetGroupArnSuffix }: NonNullable<ServiceAlarmsArgs["requests"]>,
): Record<string, Alarm> {
  const namespace = "AWS/ApplicationELB";
  const dimensions = { LoadBalancer: loadBalancerArnSuffix, TargetGroup: targetGroupArnSuffix };
  const sum = (id: string, metricName: string) => ({
    id,
    metric: { namespace, metricName, dimensions, stat: "Sum", period: 60 },
  });
  return {
    errors: {
      alarmDescription: `more than ${objectives.errorPercent} % of requests end in a server error`,
      metricQueries: [
        {
          id: "percent",
          label: "server errors in percent of requests",
          // The load balancer reports errors only in minutes that have some.
          expression: "100 * FILL(errors, 0) / requests",
          returnData: true,
        },
        sum("errors", "HTTPCode_Target_5XX_Count"),
        sum("requests", "RequestCount"),
      ],
      comparisonOperator: "GreaterThanThreshold",
      threshold: objectives.errorPercent,
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      // No requests, no errors.
      treatMissingData: "notBreaching",
    },
    "latency-p95": {
      alarmDescription: `p95 of the answer time above ${objectives.latencyP95Milliseconds} ms`,
      namespace,
      metricName: "TargetResponseTime",
      dimensions,
      extendedStatistic: "p95",
      comparisonOperator: "GreaterThanThreshold",
      // The load balancer counts in seconds.
      threshold: objectives.latencyP95Milliseconds / 1000,
      ...threeOfFive,
      treatMissingData: "notBreaching",
    },
    "unhealthy-hosts": {
      alarmDescription: "a task fails its health checks and is not replaced",
      namespace,
      metricName: "UnHealthyHostCount",
      dimensions,
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      ...threeOfFive,
      // A target group without targets reports nothing.
      treatMissingData: "breaching",
    },
  };
}

/** No load balancer measures it, so the service does. */
function ownLatency({ service, metricDimensions }: ServiceAlarmsArgs): Record<string, Alarm> {
  const { latencyP95Milliseconds } = service.objectives;
  return {
    "latency-p95": {
      alarmDescription: `p95 of the answer time above ${latencyP95Milliseconds} ms`,
      namespace: metricNamespace,
      metricName: latencyMetric,
      dimensions: metricDimensions,
      extendedStatistic: "p95",
      comparisonOperator: "GreaterThanThreshold",
      threshold: latencyP95Milliseconds,
      ...threeOfFive,
      treatMissingData: "notBreaching",
    },
  };
}

function objectiveAlarms({ service, metricDimensions }: ServiceAlarmsArgs): Record<string, Alarm> {
  return Object.fromEntries(
    service.objectives.metrics.map(({ name, limit, windowMinutes }): [string, Alarm] => [
      `metric-${name.replaceAll(/[._]/g, "-")}`,
      {
        alarmDescription: `${name} has reached ${limit} in ${windowMinutes} minutes`,
        namespace: metricNamespace,
        metricName: name,
        dimensions: metricDimensions,
        statistic: "Sum",
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        threshold: limit,
        ...once(windowMinutes),
        treatMissingData: "notBreaching",
      },
    ]),
  );
}

/** One look at a whole window. */
function once(windowMinutes: number) {
  return { period: windowMinutes * 60, evaluationPeriods: 1, datapointsToAlarm: 1 };
}
