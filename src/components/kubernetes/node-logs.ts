// Kubernetes components: what reads the logs of our pods on each node and carries them to the sink (RT-23, SP-8, SP-15).
// It alone does not fit the profile `restricted`, so it has a namespace of its own. The kubelet's files belong to root and
// can be read by nobody else: it runs as root, without a capability, with a read-only root, and sees of its node these
// files, read-only, and one directory in which it notes how far it has read.
import { certificateMount, certificatePlan, certificateVolume } from "./certificates";
import {
  type ClusterFoundationHome,
  foundationImage,
  nodesNamespace,
  platformWorkload,
} from "./cluster-foundation-home";
import { collectorOf, collectorStorage } from "./collector";
import { container } from "./container";
import { sinkWay } from "./log-delivery";
import { policyOf } from "./network-policies";
import { nodeLogConfig, nodeLogsName, podLogs } from "./node-log-config";
import { labelsOf, selectorOf } from "./object";
import type { WorkloadPart } from "./pod-parts";
import { containerSecurityContext } from "./security-context";
import { accountObjects } from "./service-account";

/** Why a linter that asks for `restricted` is answered no. */
const privilegedReason =
  "the kubelet's log files belong to root: read as root without any capability, read-only, in a namespace of its own";

const bounds = { cpuMillicores: 50, memoryMiB: 256 };

/** Nothing where the customer collects logs by itself. */
export function nodeLogsPart(home: ClusterFoundationHome): Pick<WorkloadPart, "objects" | "secrets"> {
  if (!home.logs.node) return {};
  const namespace = nodesNamespace(home);
  const name = nodeLogsName;
  const metadata = { name, namespace, labels: labelsOf(platformWorkload, name) };
  const selector = { matchLabels: selectorOf(platformWorkload, name) };
  const collector = collectorOf({
    workload: platformWorkload,
    part: name,
    namespace,
    image: foundationImage(home, "collector"),
    config: nodeLogConfig(home, bounds.memoryMiB),
    bounds,
    mounts: [
      certificateMount,
      { name: "pod-logs", mountPath: podLogs, readOnly: true },
      { name: "positions", mountPath: collectorStorage },
    ],
  });
  return {
    objects: [
      ...accountObjects({ workload: platformWorkload, namespace, name, rules: [] }),
      policyOf({ namespace, dns: home.dns, workload: { name: platformWorkload } }, name, {
        ingress: [],
        egress: [sinkWay(home)],
      }),
      collector.configMap,
      {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { ...metadata, annotations: { "palisade.dev/why-privileged": privilegedReason } },
        spec: {
          selector,
          revisionHistoryLimit: 3,
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
          template: {
            metadata: { labels: metadata.labels, annotations: collector.annotations },
            spec: {
              serviceAccountName: name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              terminationGracePeriodSeconds: 30,
              // Where our pods may run, nodes with accelerators included.
              tolerations: [{ operator: "Exists" }],
              securityContext: { runAsUser: 0, runAsGroup: 0, fsGroup: 0, seccompProfile: { type: "RuntimeDefault" } },
              containers: [
                container({
                  ...collector.container,
                  more: {
                    ...collector.container.more,
                    securityContext: { ...containerSecurityContext(0), runAsNonRoot: false },
                  },
                }),
              ],
              volumes: [
                collector.volume,
                certificateVolume(name),
                { name: "pod-logs", hostPath: { path: podLogs, type: "Directory" } },
                {
                  name: "positions",
                  hostPath: { path: `/var/lib/${namespace}`, type: "DirectoryOrCreate" },
                },
              ],
            },
          },
        },
      },
    ],
    secrets: [
      certificatePlan({
        workload: platformWorkload,
        part: name,
        namespace,
        usages: ["client"],
        authority: "platform",
      }),
    ],
  };
}
