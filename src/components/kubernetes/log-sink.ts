// Kubernetes components: the log sink of an environment: every log stream ends here, in files with their time, and in the SIEM if there is one (PF-2, IS-6, RT-23, SP-14).
// Data layout: the claim `files-log-sink-0` holds `<workload>/<kind>.jsonl`, `<workload>/compliance-tenants/<tenant>.jsonl` and
// `other.jsonl`, each line a batch of records as OTLP's JSON has them, and beside each its closed predecessors. What keeps
// files from being altered by whoever administers the volume is the storage: a cluster has no lock like an archive's.
import { logFiles } from "../../workload/log-files";
import { logShipperName } from "../../workload/volume-faults";
import { certificateMount, certificatePlan, certificateVolume, readByGroup } from "./certificates";
import {
  type ClusterFoundationHome,
  foundationImage,
  nodesNamespace,
  platformNamespace,
  platformWorkload,
} from "./cluster-foundation-home";
import { collectorOf, collectorStorage, collectorUser } from "./collector";
import { addressWays, claimTemplate, helperObjects } from "./helper";
import { logSinkName } from "./log-delivery";
import { logDirectory, logSinkConfig, logSinkPort, siemAuthority, siemKeyVariable } from "./log-sink-config";
import { foreignPeer } from "./network-policies";
import { nodeLogsName } from "./node-log-config";
import { labelsOf, selectorOf } from "./object";
import type { Way, WorkloadPart } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";

const siemSecret = "siem";
const bounds = { cpuMillicores: 100, memoryMiB: 512 };
/** GiB of what waits for the SIEM. */
const queueGiB = 5;

/** @throws Error if the stack has no image of the collector, or a tenant cannot be the name of a file. */
export function logSinkPart(home: ClusterFoundationHome): Pick<WorkloadPart, "objects" | "secrets"> {
  const { siem, storageClasses, logStorageGiB = 20 } = home;
  const namespace = platformNamespace(home);
  const labels = labelsOf(platformWorkload, logSinkName);
  const storage = (sizeGiB: number) => ({ storageClass: storageClasses.replica, sizeGiB });
  const collector = collectorOf({
    workload: platformWorkload,
    part: logSinkName,
    namespace,
    image: foundationImage(home, "collector"),
    config: logSinkConfig(home, bounds.memoryMiB),
    bounds,
    ports: [{ name: "otlp-http", number: logSinkPort }],
    ...(siem?.kind === "https" && {
      secretEnvironment: { [siemKeyVariable]: { secret: siemSecret, key: "access-key" } },
    }),
    mounts: [
      certificateMount,
      { name: "files", mountPath: logDirectory },
      ...(siem ? [{ name: "queue", mountPath: collectorStorage }] : []),
      ...(siem?.ownAuthority
        ? [{ name: "siem", mountPath: siemAuthority.replace(/\/[^/]+$/, ""), readOnly: true }]
        : []),
    ],
  });
  return {
    objects: [
      collector.configMap,
      ...helperObjects(
        { namespace, dns: home.dns, workload: { name: platformWorkload } },
        {
          name: logSinkName,
          user: collectorUser,
          claims: [
            claimTemplate("files", labels, storage(logStorageGiB)),
            ...(siem ? [claimTemplate("queue", labels, storage(queueGiB))] : []),
          ],
          ports: { "otlp-http": logSinkPort },
          ingress: senders(home),
          egress: siem ? addressWays("siem", siem.ranges, siem.port ?? (siem.kind === "syslog" ? 6514 : 443)) : [],
          podAnnotations: collector.annotations,
          volumes: [
            collector.volume,
            certificateVolume(logSinkName),
            ...(siem?.ownAuthority
              ? [
                  {
                    name: "siem",
                    secret: {
                      secretName: siemSecret,
                      defaultMode: readByGroup,
                      items: [{ key: "ca.crt", path: "ca.crt" }],
                    },
                  },
                ]
              : []),
          ],
          containers: [collector.container],
        },
      ),
    ],
    secrets: [
      certificatePlan({
        workload: platformWorkload,
        part: logSinkName,
        namespace,
        usages: ["server"],
        authority: "platform",
      }),
      ...siemSecrets(home, namespace),
    ],
  };
}

/** The other side of each sender's way. */
function senders(home: ClusterFoundationHome): Way[] {
  const from = (name: string, namespace: string, workload: string): Way => ({
    name,
    peer: foreignPeer({ namespace, podLabels: selectorOf(workload, name) }),
    port: logSinkPort,
  });
  return [
    ...(home.logs.node ? [from(nodeLogsName, nodesNamespace(home), platformWorkload)] : []),
    ...home.workloads
      .filter(({ workload }) => logFiles(workload).length > 0)
      .map(({ workload, namespace }) => from(logShipperName, namespace, workload.name)),
  ];
}

function siemSecrets({ siem }: ClusterFoundationHome, namespace: string): SecretPlan[] {
  const keys: SecretPlan["keys"] = {
    ...(siem?.kind === "https" && {
      "access-key": {
        kind: "supplied" as const,
        variable: siemKeyVariable,
        description: "Key that the SIEM's event collector asks for.",
      },
    }),
    ...(siem?.ownAuthority && {
      "ca.crt": {
        kind: "supplied" as const,
        variable: "SIEM_CA",
        description: "Certificate, in PEM, of the authority that the SIEM is checked by.",
      },
    }),
  };
  if (Object.keys(keys).length === 0) return [];
  return [{ name: siemSecret, namespace, labels: labelsOf(platformWorkload, logSinkName), keys }];
}
