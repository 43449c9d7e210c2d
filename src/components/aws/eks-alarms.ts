// AWS components: the alarms on the pods of one service in EKS, from Container Insights. Pure (SA-12, RT-5).
import type * as pulumi from "@pulumi/pulumi";
import type { Service } from "../../workload/workload";
import { restartAlarm, threeOfFive, utilisationAlarm } from "./alarm-shapes";
import type { Alarm } from "./metric-alarm";

export interface ObservedPods {
  service: Service;
  clusterName: pulumi.Input<string>;
  namespace: string;
  /** Name of the Deployment and of its Service. */
  serviceName: pulumi.Input<string>;
}

export const podNamespace = "ContainerInsights";

/** Dimensions of all pods of one Deployment together: Container Insights leaves the hash of their names away. */
function podDimensions({ clusterName, namespace, serviceName }: Omit<ObservedPods, "service">) {
  return { ClusterName: clusterName, Namespace: namespace, PodName: serviceName };
}

export function podAlarms(of: ObservedPods): Record<string, Alarm> {
  const { service, clusterName, namespace, serviceName } = of;
  const { minReplicas } = service.scaling;
  const dimensions = podDimensions(of);
  const utilisation = (metricName: string) => utilisationAlarm({ namespace: podNamespace, metricName, dimensions });
  return {
    ...(minReplicas > 0 && {
      "running-pods": {
        alarmDescription: `fewer than ${minReplicas} pods are running`,
        namespace: podNamespace,
        metricName: "service_number_of_running_pods",
        dimensions: { ClusterName: clusterName, Namespace: namespace, Service: serviceName },
        statistic: "Minimum",
        comparisonOperator: "LessThanThreshold",
        threshold: minReplicas,
        ...threeOfFive,
        // A service nobody reports on has no pod.
        treatMissingData: "breaching",
      } satisfies Alarm,
    }),
    restarts: restartAlarm(service, "the workload's guard stops the service", period => [
      { id: "more", label: "restarts", expression: "DIFF(restarts)", returnData: true },
      {
        id: "restarts",
        metric: {
          namespace: podNamespace,
          metricName: "pod_number_of_container_restarts",
          dimensions,
          stat: "Maximum",
          period,
        },
      },
    ]),
    cpu: utilisation("pod_cpu_utilization_over_pod_limit"),
    memory: utilisation("pod_memory_utilization_over_pod_limit"),
  };
}
