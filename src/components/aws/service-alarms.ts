// AWS components: the alarms of one service, from the objectives of its specification (SA-12, RT-22).
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { restartAlarm, threeOfFive, utilisationAlarm } from "./alarm-shapes";
import { podAlarms } from "./eks-alarms";
import { type Alarm, raise } from "./metric-alarm";
import { latencyMetric, metricNamespace, taskDeathsMetric } from "./metrics";
import { contributorAlarms, heartbeatAlarms, objectiveAlarms } from "./objective-alarms";

export interface ServiceAlarmsArgs {
  service: Service;
  clusterName: pulumi.Input<string>;
  /** Name of the ECS service, or of the Deployment. */
  serviceName: pulumi.Input<string>;
  /** Namespace of its pods, if they run in EKS. */
  namespace?: string;
  /** Where the edge counts the service's requests, of a public service. */
  requests?: { loadBalancerArnSuffix: pulumi.Input<string>; targetGroupArnSuffix: pulumi.Input<string> };
  /** Dimensions under which the service publishes its own metrics. */
  metricDimensions: Record<string, string>;
  /** Log group of the service's records; needed by an objective with `per`. */
  logGroupName?: pulumi.Input<string>;
  topicArn: pulumi.Input<string>;
  /** Restart brake, which stops the service when its restart budget is used up (RT-5); it knows the environment's cluster alone. */
  brakeArn?: pulumi.Input<string>;
}

/** @throws Error if an objective needs an argument that is missing. */
export class ServiceAlarms extends pulumi.ComponentResource {
  /** ARN of each alarm, by what it watches, such as `latency-p95`: for dashboards, and for a rollback (RT-22). */
  readonly arns: Record<string, pulumi.Output<string>>;

  constructor(name: string, args: ServiceAlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ServiceAlarms", name, {}, options);
    const alarms = {
      ...(args.namespace === undefined ? taskAlarms(args) : podAlarms({ ...args, namespace: args.namespace })),
      ...(args.requests ? edgeAlarms(args.service, args.requests) : ownLatency(args)),
      ...heartbeatAlarms(args),
      ...objectiveAlarms(args),
      ...contributorAlarms(name, args, this),
    };
    this.arns = raise(name, alarms, args.topicArn, this);
    this.registerOutputs({ arns: this.arns });
  }
}

/** Alarms of any service on ECS, whatever it does. */
export function taskAlarms({
  service,
  clusterName,
  serviceName,
  brakeArn,
}: Pick<ServiceAlarmsArgs, "service" | "clusterName" | "serviceName" | "brakeArn">): Record<string, Alarm> {
  const dimensions = { ClusterName: clusterName, ServiceName: serviceName };
  const utilisation = (metricName: string) => utilisationAlarm({ namespace: "AWS/ECS", metricName, dimensions });
  return {
    // A service that is there only while there is work lacks nothing while it is not.
    ...(service.scaling.minReplicas > 0 && { "running-tasks": runningTasks(service, dimensions) }),
    restarts: {
      ...restartAlarm(service, `the service ${brakeArn ? "is" : "must be"} stopped`, seconds =>
        restartQueries(dimensions, seconds),
      ),
      brakeArn,
    },
    cpu: utilisation("CPUUtilization"),
    memory: utilisation("MemoryUtilization"),
  };
}

/** Containers that ECS restarted in their task, and tasks that it replaced because they died. */
function restartQueries(dimensions: Record<string, pulumi.Input<string>>, period: number) {
  const sum = (id: string, namespace: string, metricName: string) => ({
    id,
    metric: { namespace, metricName, dimensions, stat: "Sum", period },
  });
  return [
    // Each is reported only when there is something to report.
    { id: "all", label: "restarts", expression: "FILL(containers, 0) + FILL(tasks, 0)", returnData: true },
    sum("containers", "ECS/ContainerInsights", "RestartCount"),
    sum("tasks", metricNamespace, taskDeathsMetric),
  ];
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
      alarmDescription: `p95 of the answer time has reached ${objectives.latencyP95Milliseconds} ms (RT-22)`,
      namespace,
      metricName: "TargetResponseTime",
      dimensions,
      extendedStatistic: "p95",
      comparisonOperator: "GreaterThanOrEqualToThreshold",
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

type OwnMetrics = Pick<ServiceAlarmsArgs, "service" | "metricDimensions">;

/** No load balancer measures it, so the service does. */
export function ownLatency({ service, metricDimensions }: OwnMetrics): Record<string, Alarm> {
  const { latencyP95Milliseconds } = service.objectives;
  return {
    "latency-p95": {
      alarmDescription: `p95 of the answer time has reached ${latencyP95Milliseconds} ms (RT-22)`,
      namespace: metricNamespace,
      metricName: latencyMetric,
      dimensions: metricDimensions,
      extendedStatistic: "p95",
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      threshold: latencyP95Milliseconds,
      ...threeOfFive,
      treatMissingData: "notBreaching",
    },
  };
}
