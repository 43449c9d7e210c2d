// Kubernetes components: how collectors deliver to the log sink: over TLS from both sides, and from a queue on disk (IS-6, RT-23, SA-13). Pure.
import { tlsPaths } from "./certificates";
import { type ClusterFoundationHome, platformNamespace, platformWorkload } from "./cluster-foundation-home";
import { persistentDelivery } from "./collector";
import { logSinkPort } from "./log-sink-config";
import { serviceHost } from "./names";
import { foreignPeer } from "./network-policies";
import { selectorOf } from "./object";
import type { Way } from "./pod-parts";

export const logSinkName = "log-sink";

type Environment = Pick<ClusterFoundationHome, "environment">;

/** Exporter of a collector that has a certificate by the platform's authority. */
export function sinkExporter(home: Environment) {
  return {
    otlphttp: {
      endpoint: `https://${serviceHost(logSinkName, platformNamespace(home))}:${logSinkPort}`,
      compression: "gzip",
      tls: {
        ca_file: tlsPaths.authority,
        cert_file: tlsPaths.certificate,
        key_file: tlsPaths.key,
        min_version: "1.2",
        reload_interval: "1h",
      },
      ...persistentDelivery,
    },
  };
}

/** The way there, from another namespace. */
export function sinkWay(home: Environment): Way {
  const podLabels = selectorOf(platformWorkload, logSinkName);
  return { name: logSinkName, peer: foreignPeer({ namespace: platformNamespace(home), podLabels }), port: logSinkPort };
}
