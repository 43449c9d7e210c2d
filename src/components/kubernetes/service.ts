// Kubernetes components: the name by which a service is called inside the cluster (SA-9, SA-12). Pure.
import type { Service } from "../../workload/workload";
import type { Controller } from "./deployment";
import { objectName } from "./names";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";

export interface ServiceInputs {
  workload: string;
  namespace: string;
  name: string;
  service: Service;
  controller: Controller;
  /** Annotations by which an ingress controller knows how to call it. */
  annotations?: Record<string, string>;
}

/** Name of the Service that gives each replica of a StatefulSet a name. */
export function replicaServiceName(name: string): string {
  return objectName(`${name}-replicas`);
}

/** Traffic is gated on health: only ready replicas are behind it (RT-2). None for a service that nobody may call; one more where replicas are told apart. */
export function clusterServices(inputs: ServiceInputs): KubernetesObject[] {
  const { name, service, controller } = inputs;
  const called = service.ports.length > 0 && service.network.exposure !== "none";
  return [
    ...(called ? [clusterService(inputs, name, {})] : []),
    ...(controller === "StatefulSet" ? [clusterService(inputs, replicaServiceName(name), { clusterIP: "None" })] : []),
  ];
}

function clusterService(inputs: ServiceInputs, name: string, more: Record<string, unknown>): KubernetesObject {
  const { workload, namespace, service, annotations } = inputs;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: labelsOf(workload, inputs.name), ...(annotations && { annotations }) },
    spec: {
      type: "ClusterIP",
      ...more,
      selector: selectorOf(workload, inputs.name),
      ...(service.ports.length > 0 && {
        ports: service.ports.map(port => ({
          name: port.name,
          port: port.number,
          targetPort: port.name,
          protocol: "TCP",
          ...(port.protocol !== "tcp" && { appProtocol: port.protocol }),
        })),
      }),
    },
  };
}
