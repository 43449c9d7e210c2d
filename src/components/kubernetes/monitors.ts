// Kubernetes components: the monitors of a workload: alert rules and a dashboard, as files for whoever watches, and as objects of Prometheus's operator where it is there (RT-22, RT-24, SA-12).
import { alertRules } from "./alert-rules";
import { tlsFiles } from "./certificates";
import type { ClusterHome } from "./cluster-home";
import { dashboard } from "./dashboard";
import { certificateSecret, objectName, serviceHost } from "./names";
import { type KubernetesObject, labelsOf, selectorOf } from "./object";
import type { WorkloadPart } from "./pod-parts";
import { collectorName } from "./telemetry";
import { isMeasured } from "./telemetry-config";

const part = "monitors";

export function monitorsPart(home: ClusterHome): WorkloadPart {
  const { workload, namespace, buildSha, release, monitoring } = home;
  const labels = labelsOf(workload.name, part);
  const groups = alertRules(home);
  const operator = monitoring?.operator === true;
  const measured = Object.values(workload.services).some(isMeasured);
  return {
    objects: [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "alert-rules", namespace, labels },
        // JSON is YAML: the rules are read by Prometheus as they are.
        data: { "rules.yaml": `${JSON.stringify({ groups }, null, 2)}\n` },
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: "dashboard",
          namespace,
          // By this label Grafana's sidecar finds it.
          labels: { ...labels, grafana_dashboard: "1" },
          annotations: {
            "palisade.dev/build-sha": buildSha,
            ...(release?.manifestId && { "palisade.dev/manifest-id": release.manifestId }),
          },
        },
        data: { [`${objectName(workload.name)}.json`]: `${JSON.stringify(dashboard(home), null, 2)}\n` },
      },
      ...(operator ? [prometheusRule(home, labels, groups)] : []),
      ...(operator && measured ? [podMonitor(home, labels)] : []),
    ],
  };
}

function prometheusRule({ namespace, workload }: ClusterHome, labels: Record<string, string>, groups: object) {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: workload.name, namespace, labels },
    spec: { groups },
  };
}

function podMonitor({ namespace, workload }: ClusterHome, labels: Record<string, string>): KubernetesObject {
  const authority = { secret: { name: certificateSecret(collectorName), key: tlsFiles.authority } };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: collectorName, namespace, labels },
    spec: {
      selector: { matchLabels: selectorOf(workload.name, collectorName) },
      podMetricsEndpoints: [
        {
          port: "metrics",
          scheme: "https",
          interval: "30s",
          // The labels of the service that published are the ones that count.
          honorLabels: true,
          tlsConfig: { ca: authority, serverName: serviceHost(collectorName, namespace) },
        },
      ],
    },
  };
}
